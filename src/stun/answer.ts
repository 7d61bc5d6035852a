import { addressToBytes, type Endpoint, endpointAddress, endpointPort } from "../net/index.ts";
import {
  attributes,
  attributesOf,
  headerBytes,
  isStunMessage,
  magicCookie,
  mask,
  messageTypes,
} from "./message.ts";

/** The largest request in bytes. Ours has 44, and nothing that asks for an address needs more than this. */
const largestRequest = 256;

/**
 * The answer to a Binding request from that endpoint: a success response with nothing but the endpoint. It is
 * `undefined` for any other packet, and for a request that is shorter than its answer: the sender of a request may be
 * forged, and whoever is named must not get more than was sent. So a request brings its room along, which an attribute
 * that may be ignored can fill. A request with an attribute that has to be understood and is not gets no answer either.
 */
export function bindingAnswer(packet: Uint8Array, from: Endpoint): Uint8Array | undefined {
  if (packet.length > largestRequest || !isStunMessage(packet)) return undefined;
  const isRequest = attributesOf(packet, messageTypes.request) !== undefined;
  const answer = success(packet.subarray(8, headerBytes), from);
  return isRequest && answer.length <= packet.length ? answer : undefined;
}

function success(transaction: Uint8Array, from: Endpoint): Uint8Array {
  const address = addressToBytes(endpointAddress(from));
  const answer = Buffer.alloc(headerBytes + 8 + address.length);
  answer.writeUInt16BE(messageTypes.success, 0);
  answer.writeUInt16BE(8 + address.length, 2);
  answer.writeUInt32BE(magicCookie, 4);
  answer.set(transaction, 8);
  answer.writeUInt16BE(attributes.xorMappedAddress, headerBytes);
  answer.writeUInt16BE(4 + address.length, headerBytes + 2);
  answer.writeUInt8(address.length === 4 ? 1 : 2, headerBytes + 5);
  answer.writeUInt16BE(endpointPort(from) ^ (magicCookie >>> 16), headerBytes + 6);
  const over = mask(answer);
  answer.set(
    address.map((byte, index) => byte ^ (over[index] ?? 0)),
    headerBytes + 8,
  );
  return answer;
}
