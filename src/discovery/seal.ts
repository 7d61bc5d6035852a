import { createCipheriv, createDecipheriv } from "node:crypto";
import type { Secret } from "../base/index.ts";

/** The length of a nonce. The key of both ciphers below is the cluster secret, of 32 bytes. */
export const nonceBytes = 12;
const tagBytes = 16;
const blockBytes = 16;

/**
 * Seals data with AES-256-GCM without additional data, as nonce, ciphertext and tag. The nonce must be random, and a
 * new one whenever the plain bytes are new.
 */
export function sealData(key: Secret, nonce: Uint8Array, plain: Uint8Array): Buffer {
  const cipher = createCipheriv("aes-256-gcm", key.reveal(), nonce, { authTagLength: tagBytes });
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Opens sealed data; `undefined` if it was not sealed with this key or was changed since. */
export function openData(key: Secret, sealed: Uint8Array): Buffer | undefined {
  const tagAt = sealed.length - tagBytes;
  if (tagAt < nonceBytes) return undefined;
  const decipher = createDecipheriv("aes-256-gcm", key.reveal(), sealed.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAuthTag(sealed.subarray(tagAt));
  const plain = decipher.update(sealed.subarray(nonceBytes, tagAt));
  try {
    decipher.final();
  } catch {
    return undefined; // the only possible failure is a tag that does not match
  }
  return plain;
}

/**
 * Seals at most 255 bytes, with a length byte before them and zeros up to whole blocks, each of which is encrypted with
 * AES-256-ECB. Equal endpoints give equal bytes on purpose, so that the service can unite lists that it cannot read.
 */
export function sealBlocks(key: Secret, plain: Uint8Array): Buffer {
  if (plain.length > 255) throw new RangeError(`${plain.length} bytes do not fit behind one length byte`);
  const padded = Buffer.alloc(paddedLength(plain.length));
  padded[0] = plain.length;
  padded.set(plain, 1);
  const cipher = createCipheriv("aes-256-ecb", key.reveal(), null).setAutoPadding(false);
  return Buffer.concat([cipher.update(padded), cipher.final()]);
}

/**
 * Opens sealed blocks; `undefined` unless length byte and padding are as `sealBlocks` writes them. Nothing else reveals
 * a wrong key, since ECB has no tag.
 */
export function openBlocks(key: Secret, sealed: Uint8Array): Buffer | undefined {
  if (sealed.length === 0 || sealed.length % blockBytes !== 0) return undefined;
  const decipher = createDecipheriv("aes-256-ecb", key.reveal(), null).setAutoPadding(false);
  const padded = Buffer.concat([decipher.update(sealed), decipher.final()]);
  const length = padded[0] ?? 0;
  if (paddedLength(length) !== padded.length) return undefined;
  return padded.subarray(1 + length).every((byte) => byte === 0) ? padded.subarray(1, 1 + length) : undefined;
}

const paddedLength = (length: number): number => Math.ceil((1 + length) / blockBytes) * blockBytes;
