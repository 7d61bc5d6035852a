import { rm } from "node:fs/promises";
import { join } from "node:path";
import { writeAtomically } from "../../system/atomic-file.ts";
import { readTextFile } from "../../system/read-file.ts";
import type { Runner } from "../../system/run.ts";
import {
  isContainerLink,
  type Link,
  type ObservedSysctls,
  parseSavedSysctls,
  parseSysctls,
  type SavedSysctls,
  savedSysctlsText,
  sysctlKeys,
} from "../index.ts";

/**
 * The settings that `planSysctls` needs. `links` are those of the host: forwarding must not make them deaf to router
 * advertisements; links of pods get none and are left out. Throws `KubespanError("command")`.
 */
export async function observeSysctls(
  run: Runner,
  interfaceName: string,
  links: readonly Link[],
): Promise<ObservedSysctls> {
  const names = links.map(({ name }) => name).filter((name) => !isContainerLink(name));
  return parseSysctls(await run({ program: "sysctl", args: ["-e", ...sysctlKeys(interfaceName, names)] }));
}

const fileIn = (stateDirectory: string): string => join(stateDirectory, "sysctls.json");
const largestFile = 16 * 1024 * 1024;

/** `undefined` if there is nothing to restore. Throws `KubespanError("state")` for a damaged file. */
export async function loadSavedSysctls(stateDirectory: string): Promise<SavedSysctls | undefined> {
  const file = fileIn(stateDirectory);
  const found = await readTextFile(file, {
    largest: largestFile,
    code: "state",
    hint: "make it a readable file, or remove it",
  });
  return found && parseSavedSysctls(found.text, file);
}

/** Keeps what to restore, whole or not at all; with nothing to restore there is no file. */
export async function saveSysctls(stateDirectory: string, saved: SavedSysctls): Promise<void> {
  const file = fileIn(stateDirectory);
  if (saved.sysctls.length === 0) await rm(file, { force: true });
  else await writeAtomically(file, savedSysctlsText(saved), { mode: 0o600 });
}
