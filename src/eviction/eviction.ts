import { isNodeId, isPublicKey } from "../discovery/index.ts";

/** An operator's order to keep a node out of the mesh, or the end of such an order. */
export interface Eviction {
  /** The node id that is kept out; absent if only a key is. */
  readonly nodeId?: string;
  /** The public key that is kept out, in the one form that it has in affiliates; absent if only a node id is. */
  readonly publicKey?: string;
  /** The time in milliseconds since 1970. Of two statements about the same node, that with the higher number counts. */
  readonly number: number;
  /** Whether the node may come back. */
  readonly isLifted: boolean;
}

/** The length of a signature, which is one of Ed25519, in bytes. */
const signatureBytes = 64;
/** The length of the longest statement in bytes: the head, a key, the longest node id, and the signature. */
const longest = 2 + 8 + 32 + 1 + 52 + signatureBytes;
/** The length of the longest statement as text. */
export const longestStatement = Math.ceil(longest / 3) * 4;

const version = 1;
const flags = { lifted: 1, key: 2 } as const;

/** The bytes that are signed, apart from the cluster. Each eviction has one such form. */
export function bytesOf({ nodeId = "", publicKey, number, isLifted }: Eviction): Buffer {
  const head = Buffer.alloc(10);
  head[0] = version;
  head[1] = (isLifted ? flags.lifted : 0) | (publicKey === undefined ? 0 : flags.key);
  head.writeBigUInt64BE(BigInt(number), 2);
  const key = Buffer.from(publicKey ?? "", "base64");
  return Buffer.concat([head, key, Buffer.of(nodeId.length), Buffer.from(nodeId)]);
}

/** The text in which an eviction travels with its signature. */
export const statementOf = (eviction: Eviction, signature: Uint8Array): string =>
  Buffer.concat([bytesOf(eviction), signature]).toString("base64");

/** An eviction and the signature beside it, which is still to be checked. */
interface Unproven {
  readonly eviction: Eviction;
  readonly signature: Uint8Array;
}

/** Reads a statement; `undefined` for all that `statementOf` does not write. */
export function readStatement(text: string): Unproven | undefined {
  if (text.length > longestStatement) return undefined;
  const bytes = Buffer.from(text, "base64");
  const content = bytes.subarray(0, -signatureBytes);
  if (content.length < 11 || content[0] !== version) return undefined;
  const flag = content[1] ?? 0;
  const number = content.readBigUInt64BE(2);
  if (number > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  const idAt = 10 + (flag & flags.key ? 32 : 0);
  const publicKey = content.subarray(10, idAt).toString("base64");
  const nodeId = content.subarray(idAt + 1).toString("latin1");
  const eviction: Eviction = {
    ...(nodeId !== "" && { nodeId }),
    ...(publicKey !== "" && { publicKey }),
    number: Number(number),
    isLifted: (flag & flags.lifted) !== 0,
  };
  const signature = bytes.subarray(-signatureBytes);
  const isCanonical = isAboutSomebody(eviction) && statementOf(eviction, signature) === text;
  return isCanonical ? { eviction, signature } : undefined;
}

const isAboutSomebody = ({ nodeId, publicKey }: Eviction): boolean =>
  (nodeId !== undefined || publicKey !== undefined) &&
  (nodeId === undefined || isNodeId(nodeId)) &&
  (publicKey === undefined || isPublicKey(publicKey));
