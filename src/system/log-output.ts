import { constants, fstatSync, openSync, writeSync } from "node:fs";
import { errnoOf } from "./atomic-file.ts";

const standardError = 2;
/** The most bytes that wait for a reader who is behind. */
const mostWaiting = 256 * 1024;
/** The time in milliseconds after which what waits is tried again, if no other line does so before. */
const againMs = 1_000;
/** The longest time in milliseconds for which the end of the process waits for the reader. */
const lastMs = 1_000;

/**
 * Writes lines to standard error at once, since the last ones before the end of a process matter most, and waits for
 * nobody: what a full pipe does not take waits, and of more than that lines are lost. The mesh must not stand still
 * because nobody reads its log. Of anything but a pipe, such as the journal's socket, the kernel offers no such way.
 */
export class LogOutput {
  readonly #fd: number;
  readonly #onGap: (lines: number) => void;
  #waiting = Buffer.alloc(0);
  #lost = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `onGap` is called when lines were lost and the reader is back. */
  constructor(onGap: (lines: number) => void, fd = withoutWaiting(standardError)) {
    this.#onGap = onGap;
    this.#fd = fd;
    process.once("exit", () => this.#end());
  }

  write(line: string): void {
    if (this.#waiting.length + line.length > mostWaiting) {
      this.#lost++;
      return;
    }
    const bytes = Buffer.from(line);
    this.#waiting = this.#waiting.length === 0 ? bytes : Buffer.concat([this.#waiting, bytes]);
    this.#drain();
  }

  #drain(): void {
    this.#writeAll();
    if (this.#waiting.length > 0) {
      if (!this.#timer) this.#timer = setTimeout(() => this.#again(), againMs).unref();
      return;
    }
    if (this.#lost === 0) return;
    const lines = this.#lost;
    this.#lost = 0;
    this.#onGap(lines);
  }

  #again(): void {
    this.#timer = undefined;
    this.#drain();
  }

  /** Writes what can be written now. What cannot be written at all, on a full disk say, is lost. */
  #writeAll(): void {
    try {
      while (this.#waiting.length > 0)
        this.#waiting = this.#waiting.subarray(writeSync(this.#fd, this.#waiting));
    } catch (error) {
      if (errnoOf(error) === "EAGAIN") return;
      this.#waiting = Buffer.alloc(0);
      this.#lost++;
    }
  }

  /** Gives the reader a last chance. */
  #end(): void {
    const pause = new Int32Array(new SharedArrayBuffer(4));
    const end = performance.now() + lastMs;
    for (this.#writeAll(); this.#waiting.length > 0 && performance.now() < end; this.#writeAll())
      Atomics.wait(pause, 0, 0, 10);
  }
}

/**
 * The pipe behind this file descriptor, opened again: how it waits is a matter of each opening, and other processes may
 * have this one. Another user's pipe cannot be opened, and is used as it is.
 */
function withoutWaiting(fd: number): number {
  if (!fstatSync(fd).isFIFO()) return fd;
  try {
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return fd;
  }
}
