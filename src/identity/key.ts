import nacl from "tweetnacl";
import { Secret } from "../base/index.ts";

/** The length in bytes of every key in this program: X25519, preshared, AES-256. */
export const keyBytes = 32;

/**
 * Reads 32 bytes of base64 in the standard or the URL-safe alphabet, with or without padding. `undefined` for anything
 * else, including text whose unused last bits are not zero, because a key must have one spelling only.
 */
export function decodeKey(text: string): Uint8Array | undefined {
  if (!/^(?:[A-Za-z0-9+/]{43}|[A-Za-z0-9_-]{43})=?$/.test(text)) return undefined;
  const bytes = Buffer.from(text, "base64url"); // Node reads both alphabets
  const canonical = text.replace("=", "").replaceAll("+", "-").replaceAll("/", "_");
  return bytes.toString("base64url") === canonical ? new Uint8Array(bytes) : undefined;
}

/** A new X25519 private key from 32 random bytes, clamped as WireGuard stores them (RFC 7748, section 5). */
export function privateKeyFrom(bytes: Uint8Array): Secret {
  if (bytes.length !== keyBytes) throw new TypeError(`a private key has ${keyBytes} bytes`);
  return new Secret(clamped(bytes));
}

/** The public key of a private one, in standard base64 as `wg` prints it. */
export const publicKeyOf = (privateKey: Secret): string =>
  Buffer.from(nacl.scalarMult.base(privateKey.reveal())).toString("base64");

/** Tells whether a text is a private key as `privateKeyFrom` makes them, in standard base64. */
export function isPrivateKeyText(text: string): boolean {
  const bytes = decodeKey(text);
  return bytes !== undefined && Buffer.from(clamped(bytes)).toString("base64") === text;
}

function clamped(bytes: Uint8Array): Uint8Array {
  const key = Uint8Array.from(bytes);
  key[0] = (key[0] ?? 0) & 248;
  key[31] = ((key[31] ?? 0) & 127) | 64;
  return key;
}
