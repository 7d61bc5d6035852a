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

/**
 * The one form of a public key, as `isPublicKey` knows it, of any other: in the alphabet of base64 or in that for URLs,
 * with padding or without, in hexadecimal digits, and of any bytes that mean the same point. `undefined` for no key.
 */
export function publicKeyFrom(text: string): string | undefined {
  const bytes = /^[0-9A-Fa-f]{64}$/.test(text)
    ? Buffer.from(text, "hex")
    : /^[A-Za-z0-9+/_-]{43}=?$/.test(text)
      ? Buffer.from(text, "base64")
      : undefined;
  if (!bytes) return undefined;
  let number = (numberOfBytes(bytes.toReversed()) & (2n ** 255n - 1n)) % modulus;
  const reduced = Buffer.alloc(32);
  for (let index = 0; index < 32; index++, number >>= 8n) reduced[index] = Number(number & 255n);
  const key = reduced.toString("base64");
  return isPublicKey(key) ? key : undefined;
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
