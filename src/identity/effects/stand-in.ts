import { join } from "node:path";
import { errorText } from "../../base/index.ts";
import { readTextFile, writeAtomically } from "../../system/index.ts";
import type { Identity } from "../identity.ts";
import { standInText, withStandIn, withStandInOf } from "../stand-in.ts";

export const standInFile = "stand-in.json";
const fileIn = (stateDirectory: string): string => join(stateDirectory, standInFile);
const largestFile = 4096;

/**
 * The identity with the hardware address that stands in for the node's own one, if there is such a file. Without one
 * that can be read, the node begins with its own hardware address, and gives it up once more if it has to.
 */
export async function withKeptStandIn(
  stateDirectory: string,
  identity: Identity,
  warn: (text: string) => void = () => undefined,
): Promise<Identity> {
  const file = fileIn(stateDirectory);
  try {
    const found = await readTextFile(file, { largest: largestFile, code: "state", hint: "it is made anew" });
    if (!found) return identity;
    const kept = withStandInOf(identity, found.text);
    if (!kept) warn(`${file} is damaged: this node begins with its own hardware address`);
    return kept ?? identity;
  } catch (error) {
    warn(errorText(error));
    return identity;
  }
}

/**
 * Gives up the hardware address for one that no other node has, and keeps that for later starts. If it cannot be kept,
 * the next start makes the same one again.
 */
export async function giveUpHardwareAddress(
  stateDirectory: string,
  identity: Identity,
  warn: (text: string) => void,
): Promise<Identity> {
  const moved = withStandIn(identity);
  await writeAtomically(fileIn(stateDirectory), standInText(moved), { mode: 0o600 }).catch((error: unknown) =>
    warn(errorText(error)),
  );
  return moved;
}
