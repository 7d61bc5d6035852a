import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { errorText } from "../../base/index.ts";
import {
  errnoOf,
  keepPrevious,
  previousOf,
  readTextFile,
  removeStateFile,
  writeAtomically,
} from "../../system/index.ts";
import { parseSaved, type SavedBarrier } from "../index.ts";

const fileIn = (stateDirectory: string): string => join(stateDirectory, "barrier.json");
/** The file as it was before the last change, for a disk that gives back another one than was written. */
const previousIn = (stateDirectory: string): string => previousOf(fileIn(stateDirectory));
const largestFile = 16 * 1024 * 1024;

async function readOne(file: string): Promise<SavedBarrier | undefined> {
  const hint = "make it a readable file, or remove it";
  const found = await readTextFile(file, { largest: largestFile, code: "state", hint });
  return found && parseSaved(found.text, file);
}

/**
 * Reads the saved barrier, or the one before it where the file is damaged, which `warn` is told; `undefined` if there is
 * no file: whoever removes it wants no barrier. Throws `KubespanError("state")` for a damaged file without one before it.
 */
export async function readSaved(
  stateDirectory: string,
  warn: (text: string) => void = () => undefined,
): Promise<SavedBarrier | undefined> {
  try {
    return await readOne(fileIn(stateDirectory));
  } catch (error) {
    const previous = await readOne(previousIn(stateDirectory)).catch(() => undefined); // the newer one is what is shown
    if (!previous) throw error;
    warn(`${errorText(error)}; the one before it is used, which lacks the last change`);
    return previous;
  }
}

/**
 * Writes the file atomically, with this text (`savedText`). The one before it is kept, where it is not damaged: with
 * `isPresentGood` the file is known to be as it was written.
 */
export async function writeSaved(
  stateDirectory: string,
  text: string,
  { isPresentGood = false }: { readonly isPresentGood?: boolean } = {},
): Promise<void> {
  const file = fileIn(stateDirectory);
  if (isPresentGood || (await readOne(file).catch(() => undefined))) await keepPrevious(file);
  await writeAtomically(file, text, { mode: 0o600 });
}

/**
 * Tells whether there is a file, in whatever state. It is written before the first step to a barrier, and removed when
 * the barrier is gone, so that without it nothing at the links is ours.
 */
export const hasSaved = (stateDirectory: string): Promise<boolean> =>
  lstat(fileIn(stateDirectory)).then(
    () => true,
    (error: unknown) => errnoOf(error) !== "ENOENT",
  );

/** Removes the file, so that the next start of the machine loads no barrier, after the one before it. */
export async function removeSaved(stateDirectory: string): Promise<void> {
  await removeStateFile(previousIn(stateDirectory));
  await removeStateFile(fileIn(stateDirectory));
}
