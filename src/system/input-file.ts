import { randomUUID } from "node:crypto";
import { closeSync, constants, openSync, realpathSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * A file without a name. Only a process that is given the descriptor can read it, and nothing of it is left however
 * this process ends.
 */
export class InputFile {
  readonly descriptor: number;

  constructor(text: string) {
    this.descriptor = openNameless(tmpdir());
    try {
      writeFileSync(this.descriptor, text);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

/** The folder of this process, by the number that it has in the mounted /proc. Its programs find its open files in `fd`. */
export const selfFolder = (): string => realpathSync("/proc/self");

/** The path under which a program finds the file that is its standard input. */
export const standardInput = "/proc/self/fd/0";

/** The flag O_TMPFILE of open(2), which is this bit with O_DIRECTORY. Node does not name it. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;
const mode = 0o600;

function openNameless(folder: string): number {
  try {
    return openSync(folder, constants.O_RDWR | O_TMPFILE, mode);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || !unsupported.has(code)) throw error;
  }
  // The file system has no nameless files, so the name is removed before anything is written.
  const path = join(folder, `kubespan-${randomUUID()}`);
  const descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, mode);
  unlinkSync(path);
  return descriptor;
}

/**
 * The errors of open(2) if O_TMPFILE is unknown to the file system (EOPNOTSUPP, which Node calls ENOTSUP; overlays
 * before Linux 6.3) or to the kernel (EISDIR, ENOENT).
 */
const unsupported = new Set(["ENOTSUP", "EOPNOTSUPP", "EISDIR", "ENOENT"]);
