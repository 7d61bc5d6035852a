import { join } from "node:path";
import { readTextFile, removeStateFile, writeAtomically } from "../../system/index.ts";
import { parseSavedSysctls, type SavedSysctls, savedSysctlsText } from "../index.ts";

const fileIn = (stateDirectory: string): string => join(stateDirectory, "sysctls.json");
const largestFile = 16 * 1024 * 1024;

/** Reads the settings to restore; `undefined` if there are none. Throws `KubespanError("state")` for a damaged file. */
export async function readSavedSysctls(stateDirectory: string): Promise<SavedSysctls | undefined> {
  const file = fileIn(stateDirectory);
  const found = await readTextFile(file, {
    largest: largestFile,
    code: "state",
    hint: "make it a readable file, or remove it",
  });
  return found && parseSavedSysctls(found.text, file);
}

/** Writes the settings to restore, whole or not at all. There is no file if there is nothing to restore. */
export async function writeSavedSysctls(stateDirectory: string, saved: SavedSysctls): Promise<void> {
  const file = fileIn(stateDirectory);
  if (saved.sysctls.length === 0) await removeStateFile(file);
  else await writeAtomically(file, savedSysctlsText(saved), { mode: 0o600 });
}
