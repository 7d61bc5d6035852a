import { z } from "zod";
import { KubespanError, parseJson, Secret, uncompiled } from "../base/index.ts";
import { hardwareAddressBytes } from "./hardware-address.ts";
import { isPrivateKeyText, keyBytes, privateKeyFrom, publicKeyOf } from "./key.ts";
import { isNodeId, nodeIdFrom } from "./node-id.ts";

/** The properties that make a node the same node after a restart. They are created once and kept on disk. */
export interface Identity {
  /** The node id: 43 characters of base 62. */
  readonly nodeId: string;
  /** The X25519 key of 32 bytes, which never leaves the node. */
  readonly privateKey: Secret;
  /** The public key in standard base64. */
  readonly publicKey: string;
  /**
   * The hardware address, as `00:11:22:aa:bb:cc`. It is kept so that the KubeSpan address survives a new network card.
   */
  readonly hardwareAddress: string;
  /** The hardware address before, if this node gave it up because another node had the same. */
  readonly givenUp?: string;
}

/** Gives `count` unpredictable bytes. */
export type Random = (count: number) => Uint8Array;

/** Makes a new identity with the given hardware address. */
export function newIdentity(hardwareAddress: string, random: Random): Identity {
  const privateKey = privateKeyFrom(random(keyBytes));
  return { nodeId: nodeIdFrom(random(32)), privateKey, publicKey: publicKeyOf(privateKey), hardwareAddress };
}

/** Gives the identity of the same node with another key. */
export function withNewKey(identity: Identity, random: Random): Identity {
  const privateKey = privateKeyFrom(random(keyBytes));
  return { ...identity, privateKey, publicKey: publicKeyOf(privateKey) };
}

const storedIdentity = z.strictObject({
  version: z.literal(1),
  nodeId: z.string().refine(isNodeId),
  privateKey: z.string().refine(isPrivateKeyText),
  hardwareAddress: z.string().refine((text) => hardwareAddressBytes(text) !== undefined),
});

/** The text of identity.json. It holds the private key. */
export function identityText(identity: Identity): string {
  const stored: z.input<typeof storedIdentity> = {
    version: 1,
    nodeId: identity.nodeId,
    privateKey: identity.privateKey.revealBase64(),
    hardwareAddress: identity.hardwareAddress,
  };
  return `${JSON.stringify(stored, null, 2)}\n`;
}

/**
 * Reads the text of identity.json strictly. Throws `KubespanError("state")` that names the file and the fault, but
 * never the contents.
 */
export function parseIdentity(text: string, file: string): Identity {
  const read = parseJson(text);
  if ("problem" in read) throw damagedIdentity(file, read.problem);
  const parsed = storedIdentity.safeParse(read.value, uncompiled);
  if (!parsed.success) {
    const [field] = parsed.error.issues[0]?.path ?? [];
    throw damagedIdentity(
      file,
      field === undefined ? "it has not the fields it must have" : `${String(field)} is wrong`,
    );
  }
  const { nodeId, hardwareAddress } = parsed.data;
  const privateKey = Secret.fromBase64(parsed.data.privateKey);
  return { nodeId, privateKey, publicKey: publicKeyOf(privateKey), hardwareAddress };
}

/** The identity is never replaced without the operator: other nodes know this node by it, and there may be a backup. */
export const damageHint =
  "restore it from a backup, or let the node start anew: kubespan down --forget-identity";

const damagedIdentity = (file: string, reason: string): KubespanError =>
  new KubespanError("state", `${file} is damaged: ${reason}`, { hint: damageHint });
