import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf, readTextFile, removeStateFile, writeAtomically } from "../../system/index.ts";
import { parseSaved, type SavedBarrier } from "../index.ts";

const fileIn = (stateDirectory: string): string => join(stateDirectory, "barrier.json");
const largestFile = 16 * 1024 * 1024;

/** Reads the saved barrier; `undefined` if there is no file. Throws `KubespanError("state")` for a damaged file. */
export async function readSaved(stateDirectory: string): Promise<SavedBarrier | undefined> {
  const file = fileIn(stateDirectory);
  const hint = "make it a readable file, or remove it";
  const found = await readTextFile(file, { largest: largestFile, code: "state", hint });
  return found && parseSaved(found.text, file);
}

/** Writes the file atomically, with this text (`savedText`). */
export const writeSaved = (stateDirectory: string, text: string): Promise<void> =>
  writeAtomically(fileIn(stateDirectory), text, { mode: 0o600 });

/**
 * Tells whether there is a file, in whatever state. It is written before the first step to a barrier, and removed when
 * the barrier is gone, so that without it nothing at the links is ours.
 */
export const hasSaved = (stateDirectory: string): Promise<boolean> =>
  lstat(fileIn(stateDirectory)).then(
    () => true,
    (error: unknown) => errnoOf(error) !== "ENOENT",
  );

/** Removes the file, so that the next start of the machine loads no barrier. */
export const removeSaved = async (stateDirectory: string): Promise<void> =>
  void (await removeStateFile(fileIn(stateDirectory)));
