import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { bound } from "../../lab/bound.ts";
import type { LabNode } from "../../lab/index.ts";

const script = fileURLToPath(new URL("./first-answer.pl", import.meta.url));

/** Asks an address for echoes, and gives the moment of the first answer on the monotonic clock in nanoseconds. */
export async function askedIn(node: LabNode, address: string): Promise<bigint> {
  const { stdout } = await execa(...bound(...node.namespace.enter(["perl", script, address])));
  return BigInt(stdout);
}
