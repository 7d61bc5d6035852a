import { numberOfBytes } from "../base/index.ts";

/**
 * Tells whether a text is an X25519 public key as WireGuard prints it: the base64 of 32 bytes, for a point that a
 * private key can lead to, in the only form that a real key has. Other bytes for the same point (with the highest bit
 * set, or a number that is reduced modulo 2^255 - 19) would be another name for a node that was released under the
 * first one.
 */
export function isPublicKey(text: string): boolean {
  if (text.length !== 44) return false;
  const bytes = Buffer.from(text, "base64");
  if (bytes.length !== 32 || bytes.toString("base64") !== text) return false;
  const number = numberOfBytes(bytes.toReversed());
  return number < modulus && !smallOrder.has(number);
}

const modulus = 2n ** 255n - 19n;

/** The points of an order of at most eight (RFC 7748, section 7). The shared secret with one of them is always zero. */
const smallOrder: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  325606250916557431795983626356110631294008115727848805560023387167927233504n,
  39382357235489614581723060781553021112529911719440698176882885853963445705823n,
  modulus - 1n,
]);
