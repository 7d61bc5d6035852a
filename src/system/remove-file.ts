import { rm } from "node:fs/promises";
import { KubespanError } from "../base/index.ts";
import { errnoOf } from "./atomic-file.ts";

/**
 * Removes a file that this program keeps itself. Gives `false` if there was none. Throws `KubespanError("state")`, also
 * for a folder, which this program has not made.
 */
export async function removeStateFile(path: string): Promise<boolean> {
  try {
    await rm(path);
    return true;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT") return false;
    const reason = errno === "ERR_FS_EISDIR" ? "it is a directory" : (error as Error).message;
    throw new KubespanError("state", `cannot remove ${path}: ${reason}`, {
      hint: "see what is there, remove it, and repeat the command",
      cause: error,
    });
  }
}
