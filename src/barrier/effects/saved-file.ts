import { rm } from "node:fs/promises";
import { join } from "node:path";
import { readTextFile, writeAtomically } from "../../system/index.ts";
import { parseSaved, type SavedBarrier, savedText } from "../index.ts";

const fileIn = (stateDirectory: string): string => join(stateDirectory, "barrier.json");
const largestFile = 16 * 1024 * 1024;

/** `undefined` if there is none. Throws `KubespanError("state")` for a damaged file. */
export async function readSaved(stateDirectory: string): Promise<SavedBarrier | undefined> {
  const file = fileIn(stateDirectory);
  const hint = "make it a readable file, or remove it";
  const found = await readTextFile(file, { largest: largestFile, code: "state", hint });
  return found && parseSaved(found.text, file);
}

/** Whole or not at all. */
export const writeSaved = (stateDirectory: string, saved: SavedBarrier): Promise<void> =>
  writeAtomically(fileIn(stateDirectory), savedText(saved), { mode: 0o600 });

/** After this, no start of the machine is closed by it. */
export const removeSaved = (stateDirectory: string): Promise<void> =>
  rm(fileIn(stateDirectory), { force: true });
