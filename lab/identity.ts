import { randomBytes } from "node:crypto";
import { nodeIdFrom, privateKeyFrom } from "../src/identity/index.ts";
import { stateDirectory } from "./config.ts";
import type { LabNode } from "./node.ts";

/** An identity that a test wants: the first digit of the node id, which decides the order of ids, and a hardware address. */
export interface WantedIdentity {
  readonly first: string;
  readonly hardwareAddress: string;
  /** The private key in base64; a new one where it is left out. */
  readonly privateKey?: string;
}

/** Gives a node an identity before its daemon starts for the first time. */
export function plantIdentity(
  node: LabNode,
  { first, hardwareAddress, privateKey = privateKeyFrom(randomBytes(32)).revealBase64() }: WantedIdentity,
): Promise<void> {
  const nodeId = `${first}${nodeIdFrom(randomBytes(32)).slice(1)}`;
  const text = JSON.stringify({ version: 1, nodeId, privateKey, hardwareAddress });
  return node.namespace.write(`${stateDirectory}/identity.json`, text);
}
