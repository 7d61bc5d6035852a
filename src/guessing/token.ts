import { isStunMessage } from "../stun/index.ts";

/** The last bytes of a message's transaction id hold the token, behind those by which this node knows its answers. */
const [tokenAt, tokenEnd] = [12, 20];

/** The transaction id with the token in place of its last bytes. */
export function withToken(transaction: Uint8Array, token: string): Uint8Array {
  const id = Uint8Array.from(transaction);
  id.set(Buffer.from(token, "base64"), id.length - (tokenEnd - tokenAt));
  return id;
}

/** The token in a STUN message; `undefined` for anything else. */
export const tokenIn = (packet: Uint8Array): string | undefined =>
  isStunMessage(packet) ? Buffer.from(packet.subarray(tokenAt, tokenEnd)).toString("base64") : undefined;

export const isOfToken = (packet: Uint8Array, token: string): boolean => tokenIn(packet) === token;
