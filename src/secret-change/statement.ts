import { createHash } from "node:crypto";
import type { Secret } from "../base/index.ts";
import { type SecretChanged, type SecretStage, secretStages } from "../config/index.ts";
import { isSignedBy, type Operators, signedBy } from "../eviction/index.ts";

/** The word of an operator that all nodes take another secret, and that they go as far as a stage. */
export interface SecretStatement extends SecretChanged {
  /** The digest of the new secret, in base64. It tells nothing of the secret, which nobody else can put another in place of. */
  readonly digest: string;
  /**
   * The digest of the secret that sealed before. Who knows none that it names has another one by now, and somebody repeats
   * what is long over.
   */
  readonly replaces: string;
}

const version = 1;
const digestBytes = 32;
const signatureBytes = 64;
const contentBytes = 2 + 8 + 2 * digestBytes;

/** The length of a statement as text. */
export const secretStatementLength = Math.ceil((contentBytes + signatureBytes) / 3) * 4;

/** The digest by which statements name a secret. */
export const secretDigest = (secret: Secret, clusterId: string): string =>
  createHash("sha256")
    .update(`kubespan next secret\0${clusterId}\0`)
    .update(secret.reveal())
    .digest("base64");

function bytesOf({ number, stage, digest, replaces }: SecretStatement): Buffer {
  const head = Buffer.alloc(10);
  head[0] = version;
  head[1] = secretStages.indexOf(stage);
  head.writeBigUInt64BE(BigInt(number), 2);
  return Buffer.concat([head, Buffer.from(digest, "base64"), Buffer.from(replaces, "base64")]);
}

/** A statement is of one cluster, and no other statement of an operator begins as this does. */
const signed = (clusterId: string, content: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from(`kubespan secret v1\n${JSON.stringify(clusterId)}\n`), content]);

/** The statement of an operator about the secret of a cluster. */
function signSecretStatement(privateKey: Secret, clusterId: string, said: SecretStatement): string {
  const content = bytesOf(said);
  return Buffer.concat([content, signedBy(privateKey, signed(clusterId, content))]).toString("base64");
}

/** The statements for all stages of a change, in their order. */
export const signSecretChange = (
  privateKey: Secret,
  clusterId: string,
  change: Omit<SecretStatement, "stage">,
): readonly string[] =>
  secretStages.map((stage) => signSecretStatement(privateKey, clusterId, { ...change, stage }));

/** Reads a statement; `undefined` unless one of the operators signed it for this cluster. */
export function openSecretStatement(
  text: string,
  { clusterId, keys }: Operators,
): SecretStatement | undefined {
  if (text.length !== secretStatementLength || keys.length === 0) return undefined;
  const bytes = Buffer.from(text, "base64");
  if (bytes.length !== contentBytes + signatureBytes || bytes[0] !== version) return undefined;
  const [content, signature] = [bytes.subarray(0, contentBytes), bytes.subarray(contentBytes)];
  const stage: SecretStage | undefined = secretStages[content[1] ?? secretStages.length];
  const number = content.readBigUInt64BE(2);
  if (stage === undefined || number > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  if (!isSignedBy(keys, signed(clusterId, content), signature)) return undefined;
  const [digest, replaces] = [content.subarray(10, 10 + digestBytes), content.subarray(10 + digestBytes)];
  return {
    number: Number(number),
    stage,
    digest: digest.toString("base64"),
    replaces: replaces.toString("base64"),
  };
}

/** Whether these are the statements for all stages of a change, in their order. */
export const isWhole = (
  said: readonly (SecretStatement | undefined)[],
  { number, digest, replaces }: Omit<SecretStatement, "stage">,
): boolean =>
  said.length === secretStages.length &&
  said.every(
    (each, at) =>
      each?.stage === secretStages[at] &&
      each?.number === number &&
      each.digest === digest &&
      each.replaces === replaces,
  );
