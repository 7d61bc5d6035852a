import { link } from "node:fs/promises";
import { errnoOf } from "./atomic-file.ts";
import { removeStateFile } from "./remove-file.ts";

/** The name that a file's contents have after `keepPrevious`. */
export const previousOf = (path: string): string => `${path}.1`;

/**
 * Gives a file a second name (`previousOf`), in place of what had it. The first name may then be replaced, and is never
 * missing. Nothing is kept of a file that is not there. Throws `KubespanError("state")` where the second name is a folder.
 */
export async function keepPrevious(path: string): Promise<void> {
  await removeStateFile(previousOf(path));
  await link(path, previousOf(path)).catch((error: unknown) => {
    if (errnoOf(error) !== "ENOENT") throw error; // somebody removed the file, so there is nothing to keep
  });
}
