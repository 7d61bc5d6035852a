import { addressFromBytes, type Endpoint, endpointOf } from "../net/index.ts";

/** The value that every message carries in its bytes 4 to 7 (RFC 8489, section 5). */
export const magicCookie = 0x2112a442;
/** The types of message of the method Binding: request and success response. */
export const messageTypes = { request: 0x0001, success: 0x0101 } as const;
export const headerBytes = 20;

export const attributes = {
  mappedAddress: 0x0001,
  xorMappedAddress: 0x0020,
  software: 0x8022,
  /**
   * The attributes that prove integrity. Without credentials there is nothing to check them with, and nothing wrong
   * with them.
   */
  integrity: 0x0008,
  integritySha256: 0x001c,
} as const;
/** The first type that may be ignored. Types below it have to be understood, or the message may not be used (section 14). */
const firstOptional = 0x8000;

/** The name of the software, which any server may ignore. It is as long as the attribute of the longest answer. */
const software = Buffer.from("kubespan".padEnd(20));

/**
 * Makes a Binding request; `transaction` is 12 bytes that nobody can guess. It is as long as the longest answer, because
 * a server that cannot be used to flood others gives none that is longer than its request.
 */
export function bindingRequest(transaction: Uint8Array): Uint8Array {
  const packet = Buffer.alloc(headerBytes + 4 + software.length);
  packet.writeUInt16BE(messageTypes.request, 0);
  packet.writeUInt16BE(packet.length - headerBytes, 2);
  packet.writeUInt32BE(magicCookie, 4);
  packet.set(transaction, 8);
  packet.writeUInt16BE(attributes.software, headerBytes);
  packet.writeUInt16BE(software.length, headerBytes + 2);
  packet.set(software, headerBytes + 4);
  return packet;
}

export const isStunMessage = (packet: Uint8Array): boolean =>
  packet.length >= headerBytes && view(packet).getUint32(4) === magicCookie;

/**
 * The address and port from which a request came, as the server says. It is `undefined` for any message but a success
 * response to that transaction that can be understood.
 */
export function mappedEndpoint(packet: Uint8Array, transaction: Uint8Array): Endpoint | undefined {
  const found = attributesOf(packet, messageTypes.success);
  if (!found || !Buffer.from(transaction).equals(packet.subarray(8, headerBytes))) return undefined;
  const xored = found.get(attributes.xorMappedAddress);
  if (xored) return endpointFrom(xored, mask(packet));
  const plain = found.get(attributes.mappedAddress);
  return plain && endpointFrom(plain, new Uint8Array(mask(packet).length));
}

/** The bytes that an address is masked with: the magic cookie, followed by the transaction. */
export const mask = (packet: Uint8Array): Uint8Array => packet.subarray(4, headerBytes);

/** The attributes of a message of that type by their own types; `undefined` for anything else. */
export function attributesOf(
  packet: Uint8Array,
  type: (typeof messageTypes)[keyof typeof messageTypes],
): ReadonlyMap<number, Uint8Array> | undefined {
  if (!isStunMessage(packet)) return undefined;
  const header = view(packet);
  const isWhole = header.getUint16(0) === type && header.getUint16(2) === packet.length - headerBytes;
  return isWhole ? readAttributes(packet.subarray(headerBytes)) : undefined;
}

/**
 * Reads the attributes by type; of several with one type only the first counts. Gives `undefined` if they are cut off,
 * or if one of them has to be understood and is not.
 */
function readAttributes(bytes: Uint8Array): ReadonlyMap<number, Uint8Array> | undefined {
  const known: readonly number[] = Object.values(attributes);
  const found = new Map<number, Uint8Array>();
  for (let at = 0; at < bytes.length; ) {
    if (at + 4 > bytes.length) return undefined;
    const [type, length] = [view(bytes).getUint16(at), view(bytes).getUint16(at + 2)];
    if (at + 4 + length > bytes.length || (type < firstOptional && !known.includes(type))) return undefined;
    if (!found.has(type)) found.set(type, bytes.subarray(at + 4, at + 4 + length));
    at += 4 + Math.ceil(length / 4) * 4;
  }
  return found;
}

/** Reads a family, a port and an address; the latter two have the mask over them (section 14.2). */
function endpointFrom(value: Uint8Array, over: Uint8Array): Endpoint | undefined {
  const bytes = { 1: 4, 2: 16 }[value[1] ?? 0];
  if (bytes === undefined || value.length !== 4 + bytes) return undefined;
  const port = view(value).getUint16(2) ^ view(over).getUint16(0);
  const address = addressFromBytes(value.subarray(4).map((byte, index) => byte ^ (over[index] ?? 0)));
  return address && endpointOf(address, port);
}

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
