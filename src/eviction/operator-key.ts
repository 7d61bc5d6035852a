import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { Secret } from "../base/index.ts";
import { decodeKey } from "../identity/index.ts";
import { bytesOf, type Eviction, readStatement, statementOf } from "./eviction.ts";

/** The bytes before a raw Ed25519 key of 32 bytes in PKCS #8 and in SubjectPublicKeyInfo (RFC 8410). */
const privateHead = Buffer.from("302e020100300506032b657004220420", "hex");
const publicHead = Buffer.from("302a300506032b6570032100", "hex");

/** The public part of an operator's key, in base64, as configurations and tokens have it. */
export const operatorKeyOf = (privateKey: Secret): string =>
  createPublicKey(privateOf(privateKey))
    .export({ format: "der", type: "spki" })
    .subarray(publicHead.length)
    .toString("base64");

const privateOf = (key: Secret): KeyObject =>
  createPrivateKey({ key: Buffer.concat([privateHead, key.reveal()]), format: "der", type: "pkcs8" });

const fileMark = "kubespan-operator-key:";

/** The text of the file that holds an operator's key. */
export const operatorKeyText = (privateKey: Secret): string => `${fileMark} ${privateKey.revealBase64()}\n`;

/** Reads the text of such a file; `undefined` for any other text, such as a cluster secret. */
export function parseOperatorKey(text: string): Secret | undefined {
  const line = text.trim();
  const bytes = line.startsWith(fileMark) ? decodeKey(line.slice(fileMark.length).trim()) : undefined;
  return bytes && new Secret(bytes);
}

/** A statement is of one cluster, and of nothing else that this key might sign. */
const signed = (clusterId: string, eviction: Eviction): Buffer =>
  Buffer.concat([Buffer.from(`kubespan eviction v1\n${JSON.stringify(clusterId)}\n`), bytesOf(eviction)]);

/** The statement of an operator about a node. */
export const signEviction = (privateKey: Secret, clusterId: string, eviction: Eviction): string =>
  statementOf(eviction, signedBy(privateKey, signed(clusterId, eviction)));

/** The signature of an operator. What is signed says first what it is and of which cluster, so that it is good for nothing else. */
export const signedBy = (privateKey: Secret, content: Uint8Array): Uint8Array =>
  sign(null, content, privateOf(privateKey));

/** The operators who may evict nodes of a cluster. */
export interface Operators {
  readonly clusterId: string;
  /** The public keys of the operators in base64. */
  readonly keys: readonly string[];
}

/** Reads a statement; `undefined` unless one of the operators signed it for this cluster. */
export function openStatement(text: string, { clusterId, keys }: Operators): Eviction | undefined {
  const read = keys.length === 0 ? undefined : readStatement(text);
  if (!read) return undefined;
  return isSignedBy(keys, signed(clusterId, read.eviction), read.signature) ? read.eviction : undefined;
}

/** Tells whether one of the operators with these public keys made the signature. */
export const isSignedBy = (keys: readonly string[], content: Uint8Array, signature: Uint8Array): boolean =>
  keys.some((key) => verify(null, content, publicOf(key), signature));

const publicOf = (key: string): KeyObject =>
  createPublicKey({
    key: Buffer.concat([publicHead, Buffer.from(key, "base64")]),
    format: "der",
    type: "spki",
  });
