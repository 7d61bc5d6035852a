import { carriageLimits, isPacketSize, type Packet } from "../stream/index.ts";
import { malformed, type Refusal } from "./refusal.ts";
import { idRefusal } from "./requests.ts";

/** What opens a stream, as it was received and unchecked. */
export interface OpeningRequest {
  readonly clusterId: string;
  readonly affiliateId: string;
  readonly room: Uint8Array;
}

/** The refusal of an opening, as far as the opening alone tells. */
export function openingRefusal({ clusterId, affiliateId, room }: OpeningRequest): Refusal | undefined {
  const badId = idRefusal("cluster id", clusterId) ?? idRefusal("affiliate id", affiliateId);
  if (badId) return badId;
  const { roomBytes } = carriageLimits;
  return room.length === roomBytes
    ? undefined
    : malformed(`the room has ${room.length} bytes, not ${roomBytes}`);
}

/** The refusal of a message of packets. An honest client sends no such message, so its stream ends. */
export function packetsRefusal(packets: readonly Packet[], isOpening: boolean): Refusal | undefined {
  const { mostPackets, leastPacketBytes, mostPacketBytes } = carriageLimits;
  if (isOpening) return malformed("the stream is open already");
  if (packets.length === 0 || packets.length > mostPackets)
    return malformed(`a message has ${packets.length} packets, not 1 to ${mostPackets}`);
  if (!packets.every(({ data }) => isPacketSize(data.length)))
    return malformed(`a packet does not have ${leastPacketBytes} to ${mostPacketBytes} bytes`);
  return packets.map(({ peer }) => idRefusal("affiliate id", peer)).find((refusal) => refusal !== undefined);
}

/** The bytes that a packet counts as: those that it has, and what it costs to handle one however small. */
export const chargeOf = ({ data }: Packet): number => data.length + handlingBytes;
const handlingBytes = 256;
