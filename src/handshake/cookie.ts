import { timingSafeEqual } from "node:crypto";
import { cookieKey, cookieReplyBytes, initiationBytes } from "./noise.ts";
import { mac, sealExtended } from "./primitives.ts";

const [mac1At, mac2At, macBytes] = [116, 132, 16];

/**
 * Message 3, which has the sender of an initiation prove that it gets what is sent to its address: its next initiation
 * bears a MAC under the cookie. Anybody who knows the responder's public key can make it. `nonce` is 24 random bytes.
 */
export function createCookieReply(
  initiation: Uint8Array,
  responder: Uint8Array,
  { cookie, nonce }: { readonly cookie: Uint8Array; readonly nonce: Uint8Array },
): Uint8Array {
  const reply = Buffer.alloc(cookieReplyBytes);
  reply.writeUInt8(3);
  reply.set(initiation.subarray(4, 8), 4);
  reply.set(nonce, 8);
  reply.set(sealExtended(cookieKey(responder), nonce, cookie, initiation.subarray(mac1At, mac2At)), 32);
  return new Uint8Array(reply);
}

/** Whether the initiation shows that its sender got that cookie. */
export const bearsCookie = (initiation: Uint8Array, cookie: Uint8Array): boolean =>
  initiation.length === initiationBytes &&
  timingSafeEqual(
    mac(cookie, initiation.subarray(0, mac2At)),
    initiation.subarray(mac2At, mac2At + macBytes),
  );
