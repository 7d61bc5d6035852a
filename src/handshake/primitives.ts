import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type KeyObject,
  hash as oneShotHash,
} from "node:crypto";
import { blake2s } from "@noble/hashes/blake2.js";

/** These are the building blocks of WireGuard's handshake, with the names of its paper (section 5.4). */

const algorithmOfHash = "blake2s256";

/** BLAKE2s with a result of 32 bytes. One call of OpenSSL costs less than an object that is fed part by part. */
export const hash = (...parts: readonly Uint8Array[]): Uint8Array =>
  new Uint8Array(oneShotHash(algorithmOfHash, joined(parts), "buffer"));

const joined = (parts: readonly Uint8Array[]): Uint8Array =>
  parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);

/** Keyed BLAKE2s with a result of 16 bytes. Node's BLAKE2s supports neither a key nor that length. */
export const mac = (key: Uint8Array, message: Uint8Array): Uint8Array => blake2s(message, { key, dkLen: 16 });

/** BLAKE2s reads blocks of 64 bytes, to which HMAC fills up its key. */
const blockBytes = 64;

/** HMAC (RFC 2104) of two hashes: Node's own object for it costs twice as much. A key has at most one block. */
function hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const [inner, outer] = [new Uint8Array(blockBytes).fill(0x36), new Uint8Array(blockBytes).fill(0x5c)];
  for (const [index, byte] of key.entries()) {
    inner[index] = 0x36 ^ byte;
    outer[index] = 0x5c ^ byte;
  }
  return hash(outer, hash(inner, ...parts));
}

/** HKDF with HMAC-BLAKE2s. It gives three keys of 32 bytes; a caller that needs fewer takes the first ones. */
export function derive(
  key: Uint8Array,
  input: Uint8Array,
): readonly [first: Uint8Array, second: Uint8Array, third: Uint8Array] {
  const secret = hmac(key, input);
  const first = hmac(secret, Uint8Array.of(1));
  const second = hmac(secret, first, Uint8Array.of(2));
  return [first, second, hmac(secret, second, Uint8Array.of(3))];
}

/** The bytes before a raw X25519 key of 32 bytes in PKCS #8 and in SubjectPublicKeyInfo (RFC 8410). */
const privateHead = Buffer.from("302e020100300506032b656e04220420", "hex");
const publicHead = Buffer.from("302a300506032b656e032100", "hex");

/**
 * OpenSSL's form of each private key in use, as long as its bytes are held by someone who never changes them, as `Secret`
 * does not. Making it costs more than the multiplication on the curve, and one initiation needs three.
 */
const parsedKeys = new WeakMap<Uint8Array, KeyObject>();

function privateKeyOf(bytes: Uint8Array): KeyObject {
  const known = parsedKeys.get(bytes);
  if (known) return known;
  const key = createPrivateKey({ key: Buffer.concat([privateHead, bytes]), format: "der", type: "pkcs8" });
  parsedKeys.set(bytes, key);
  return key;
}

/** The public key of a private key of 32 bytes. */
export const publicOf = (privateBytes: Uint8Array): Uint8Array =>
  new Uint8Array(
    createPublicKey(privateKeyOf(privateBytes))
      .export({ format: "der", type: "spki" })
      .subarray(publicHead.length),
  );

/**
 * X25519 by OpenSSL, which is thirty times as fast as tweetnacl's; that would take 6 ms for one initiation. `undefined`
 * where the result is zero, which a point of small order forces (RFC 7748, section 6.1).
 */
export function sharedSecret(privateBytes: Uint8Array, publicBytes: Uint8Array): Uint8Array | undefined {
  const publicKey = createPublicKey({
    key: Buffer.concat([publicHead, publicBytes]),
    format: "der",
    type: "spki",
  });
  try {
    return new Uint8Array(diffieHellman({ privateKey: privateKeyOf(privateBytes), publicKey }));
  } catch {
    return undefined; // OpenSSL refuses points of small order
  }
}

const algorithm = "chacha20-poly1305";
/** The number of bytes that sealing adds. */
const tagBytes = 16;
/** The nonce of every seal: each key of the handshake is used once, with the counter at zero. */
const zeroNonce = new Uint8Array(12);

export function seal(
  key: Uint8Array,
  plain: Uint8Array,
  data: Uint8Array,
  nonce: Uint8Array = zeroNonce,
): Uint8Array {
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(data, { plaintextLength: plain.length });
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Opens a seal; `undefined` if it was not made with this key and this data. */
export function open(
  key: Uint8Array,
  sealed: Uint8Array,
  data: Uint8Array,
  nonce: Uint8Array = zeroNonce,
): Uint8Array | undefined {
  if (sealed.length < tagBytes) return undefined;
  const text = sealed.subarray(0, sealed.length - tagBytes);
  const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
  decipher.setAAD(data, { plaintextLength: text.length });
  decipher.setAuthTag(sealed.subarray(text.length));
  const plain = decipher.update(text);
  try {
    return new Uint8Array(Buffer.concat([plain, decipher.final()]));
  } catch {
    return undefined; // the seal is forged; the cipher tells no more than that
  }
}

/** XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha), which cookies are sealed with: its nonce has 24 bytes. */
export const openExtended = (
  key: Uint8Array,
  nonce: Uint8Array,
  sealed: Uint8Array,
  data: Uint8Array,
): Uint8Array | undefined => open(subkey(key, nonce.subarray(0, 16)), sealed, data, shortNonce(nonce));

export const sealExtended = (
  key: Uint8Array,
  nonce: Uint8Array,
  plain: Uint8Array,
  data: Uint8Array,
): Uint8Array => seal(subkey(key, nonce.subarray(0, 16)), plain, data, shortNonce(nonce));

/** What is left of a long nonce once the key was made of its first half. */
const shortNonce = (nonce: Uint8Array): Uint8Array =>
  Buffer.concat([new Uint8Array(4), nonce.subarray(16, 24)]);

/** HChaCha20: ten double rounds over constants, key and half a nonce, of which the outer words are the new key. */
export function subkey(key: Uint8Array, nonce: Uint8Array): Uint8Array {
  const input = Buffer.concat([Buffer.from("expand 32-byte k"), key, nonce]);
  const state = Uint32Array.from({ length: 16 }, (_, index) => input.readUInt32LE(index * 4));
  for (let round = 0; round < 10; round++)
    for (const [a, b, c, d] of quarters) quarterRound(state, a, b, c, d);
  const output = Buffer.alloc(32);
  const outer = [0, 1, 2, 3, 12, 13, 14, 15];
  outer.forEach((word, index) => output.writeUInt32LE(state[word] ?? 0, index * 4));
  return new Uint8Array(output);
}

const quarters = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
] as const;

function quarterRound(state: Uint32Array, a: number, b: number, c: number, d: number): void {
  const step = (into: number, from: number, turned: number, bits: number): void => {
    state[into] = (state[into] ?? 0) + (state[from] ?? 0);
    const mixed = (state[turned] ?? 0) ^ (state[into] ?? 0);
    state[turned] = (mixed << bits) | (mixed >>> (32 - bits));
  };
  step(a, b, d, 16);
  step(c, d, b, 12);
  step(a, b, d, 8);
  step(c, d, b, 7);
}
