import { timingSafeEqual } from "node:crypto";
import type { Secret } from "../base/index.ts";
import { hash, mac, sharedSecret } from "../handshake/index.ts";

/** The keys of one side: its own pair, and the public key of the other side. Public keys are in base64. */
export interface Sides {
  readonly privateKey: Secret;
  readonly publicKey: string;
  readonly peer: string;
}

/** The length of a code in bytes, like those in WireGuard's own messages. */
export const codeBytes = 16;

/**
 * The code of a text from one member to another, by which the recipient knows the sender: only these two can make it, of
 * their static WireGuard keys. The label is of what the text is for, so that no code is good for anything else. `undefined`
 * for a key that no honest node has (RFC 7748, section 6.1).
 */
export function codeOf(
  label: Buffer,
  text: Uint8Array,
  sides: Sides,
  sender: "own" | "peer",
): Uint8Array | undefined {
  const peer = Buffer.from(sides.peer, "base64");
  const shared = sharedSecret(sides.privateKey.reveal(), peer);
  if (!shared) return undefined;
  const own = Buffer.from(sides.publicKey, "base64");
  const ends = sender === "own" ? [own, peer] : [peer, own];
  return mac(hash(label, shared), Buffer.concat([label, ...ends, text]));
}

/** Compares a code with the one that it should be, in a time that tells nothing. */
export const isSame = (expected: Uint8Array | undefined, code: Uint8Array): boolean =>
  expected !== undefined && code.length === codeBytes && timingSafeEqual(expected, code);
