import { numberOfBytes } from "../base/index.ts";

/**
 * Whether a text is an X25519 public key as WireGuard prints it: base64 of 32 bytes, of a point that a secret can come from,
 * in the only form that a real key has. Other bytes that mean the same point (the highest bit set, or a number that is
 * reduced modulo 2^255 - 19) would be another name for a node that was let go under the first one.
 */
export function isPublicKey(text: string): boolean {
  if (text.length !== 44) return false;
  const bytes = Buffer.from(text, "base64");
  if (bytes.length !== 32 || bytes.toString("base64") !== text) return false;
  const number = numberOfBytes(bytes.toReversed());
  return number < modulus && !smallOrder.has(number);
}

const modulus = 2n ** 255n - 19n;

/** Points of an order of at most eight (RFC 7748, section 7): what is agreed on with them is zero, whoever agrees. */
const smallOrder: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  325606250916557431795983626356110631294008115727848805560023387167927233504n,
  39382357235489614581723060781553021112529911719440698176882885853963445705823n,
  modulus - 1n,
]);
