import { type Address, addressFromBytes } from "../net/index.ts";
import type { MapAnswer, Wish } from "./answer.ts";

const codes = { address: 0, mapUdp: 1 } as const;
const answerBit = 0x80;

const reasons: Readonly<Record<number, string>> = {
  2: "it is not allowed here",
  3: "it has a failure of its network",
  4: "it has no room for more mappings",
  5: "it knows no mappings",
};

/** The request for the router's outer address. */
export const addressRequest = (): Uint8Array => Uint8Array.from([0, codes.address]);

/** Makes a request to map a port to the address from which it is sent. */
export function mapRequest({ internalPort, externalPort, lifetimeSeconds }: Wish): Uint8Array {
  const packet = Buffer.alloc(12);
  packet.writeUInt8(codes.mapUdp, 1);
  packet.writeUInt16BE(internalPort, 4);
  packet.writeUInt16BE(lifetimeSeconds === 0 ? 0 : externalPort, 6);
  packet.writeUInt32BE(lifetimeSeconds, 8);
  return packet;
}

/** Reads the answer to a request for a mapping; `undefined` for bytes that are none. */
export function readMapAnswer(packet: Uint8Array, internalPort: number): MapAnswer | undefined {
  const bytes = answerTo(codes.mapUdp, packet);
  if (!bytes) return undefined;
  const code = bytes.readUInt16BE(2);
  if (code === 1) return { kind: "unknown version" };
  if (code !== 0) return { kind: "refused", why: reasons[code] ?? `it answers with the result ${code}` };
  if (bytes.length !== 16 || bytes.readUInt16BE(8) !== internalPort) return undefined;
  return { kind: "mapped", port: bytes.readUInt16BE(10), lifetimeSeconds: bytes.readUInt32BE(12) };
}

/** Reads the outer address of the router; `undefined` for bytes that tell none. */
export function readAddressAnswer(packet: Uint8Array): Address | undefined {
  const bytes = answerTo(codes.address, packet);
  return bytes?.length === 12 && bytes.readUInt16BE(2) === 0
    ? addressFromBytes(bytes.subarray(8, 12))
    : undefined;
}

function answerTo(code: number, packet: Uint8Array): Buffer | undefined {
  const bytes = Buffer.from(packet);
  return bytes.length >= 4 && bytes[0] === 0 && bytes[1] === (answerBit | code) ? bytes : undefined;
}
