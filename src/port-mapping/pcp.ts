import { type Address, addressFromBytes, addressToBytes } from "../net/index.ts";
import type { MapAnswer, Wish } from "./answer.ts";

const version = 2;
const mapCode = 1;
const answerBit = 0x80;
const udp = 17;
const headerBytes = 24;
const messageBytes = 60;
/** The largest message in bytes (RFC 6887, section 7). */
const largestBytes = 1100;
export const nonceBytes = 12;

const reasons: Readonly<Record<number, string>> = {
  2: "it is not allowed here",
  3: "the request was malformed",
  4: "it knows no mappings",
  5: "it does not know an option",
  7: "it has a failure of its network",
  8: "it has no room for more mappings",
  9: "it does not map UDP",
  10: "this node has as many mappings as it may",
  11: "it cannot give an outer address",
  12: "it sees another address of this node: there is one more NAT between them",
  13: "it reaches too many peers",
};

/** Makes a request to map a port to that address of this node. The nonce is the same for all requests about one mapping. */
export function mapRequest(wish: Wish, own: Address, nonce: Uint8Array): Uint8Array {
  const packet = Buffer.alloc(messageBytes);
  packet.writeUInt8(version, 0);
  packet.writeUInt8(mapCode, 1);
  packet.writeUInt32BE(wish.lifetimeSeconds, 4);
  packet.set(mapped(addressToBytes(own)), 8);
  packet.set(nonce, headerBytes);
  packet.writeUInt8(udp, headerBytes + 12);
  packet.writeUInt16BE(wish.internalPort, headerBytes + 16);
  packet.writeUInt16BE(wish.externalPort, headerBytes + 18);
  packet.set(mapped(new Uint8Array(4)), headerBytes + 20);
  return packet;
}

const mapped = (bytes: Uint8Array): Uint8Array =>
  bytes.length === 16 ? bytes : Uint8Array.from([...new Uint8Array(10), 0xff, 0xff, ...bytes]);

/** Reads the answer to a request; `undefined` for bytes that are none. */
export function readMapAnswer(
  packet: Uint8Array,
  internalPort: number,
  nonce: Uint8Array,
): MapAnswer | undefined {
  const bytes = Buffer.from(packet);
  if (bytes.length < 4 || bytes.length > largestBytes || (bytes[1] ?? 0) < answerBit) return undefined;
  const code = bytes.readUInt8(3);
  // A router that knows NAT-PMP alone answers in its own version that it does not know this one.
  if (bytes[0] !== version) return code === 1 ? { kind: "unknown version" } : undefined;
  if (bytes.length < headerBytes || bytes[1] !== (answerBit | mapCode)) return undefined;
  if (code === 1) return { kind: "unknown version" };
  if (bytes.length < messageBytes || !isOurs(bytes, internalPort, nonce)) return undefined;
  if (code !== 0) return { kind: "refused", why: reasons[code] ?? `it answers with the result ${code}` };
  const address = addressFromBytes(bytes.subarray(headerBytes + 20, messageBytes));
  const port = bytes.readUInt16BE(headerBytes + 18);
  return { kind: "mapped", port, lifetimeSeconds: bytes.readUInt32BE(4), ...(address && { address }) };
}

const isOurs = (bytes: Buffer, internalPort: number, nonce: Uint8Array): boolean =>
  bytes.subarray(headerBytes, headerBytes + nonceBytes).equals(nonce) &&
  bytes[headerBytes + 12] === udp &&
  bytes.readUInt16BE(headerBytes + 16) === internalPort;
