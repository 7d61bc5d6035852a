import { randomUUID } from "node:crypto";
import { closeSync, constants, openSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * A file that has no name: only a process that is given the descriptor can read it, and nothing is left of it however this
 * process ends. Its name goes before its contents come.
 */
export class InputFile {
  readonly descriptor: number;

  constructor(text: string) {
    const path = join(tmpdir(), `kubespan-${randomUUID()}`);
    this.descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
    try {
      unlinkSync(path);
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
