import { randomUUID } from "node:crypto";
import { closeSync, constants, openSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * A file that has no name: only a process that is given the descriptor can read it, and nothing is left of it however this
 * process ends.
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

/** Where a program finds the file that it was given as standard input. */
export const standardInput = "/proc/self/fd/0";

/** open(2): O_TMPFILE is this bit and O_DIRECTORY; Node does not name it. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;
const mode = 0o600;

function openNameless(folder: string): number {
  try {
    return openSync(folder, constants.O_RDWR | O_TMPFILE, mode);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || !unsupported.has(code)) throw error;
  }
  // A file system without such files: the name goes before the contents come.
  const path = join(folder, `kubespan-${randomUUID()}`);
  const descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, mode);
  unlinkSync(path);
  return descriptor;
}

/**
 * What open(2) says of O_TMPFILE where the file system (EOPNOTSUPP, which Node calls ENOTSUP; overlays before Linux 6.3) or
 * the kernel (EISDIR, ENOENT) does not know it.
 */
const unsupported = new Set(["ENOTSUP", "EOPNOTSUPP", "EISDIR", "ENOENT"]);
