import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { startCompanion } from "./companion.ts";
import { type Ended, maxOutputBytes } from "./process.ts";

/**
 * Reads orders, one a line, and carries them out. What a program prints goes on as it comes; after its end follows, on
 * both streams, a zero byte, which no tool prints, and on standard output its exit code.
 */
const script = `while IFS= read -r order; do eval "$order"; printf '\\0%s\\n' $?; printf '\\0' >&2; done`;
const endOfOutput = /\0(\d{1,3})\n$/;
const longestEnd = 5;

interface Job {
  readonly timer: NodeJS.Timeout;
  readonly stdout: Buffer[];
  readonly stderr: Buffer[];
  bytes: number;
  stopped?: "too late" | "too much";
  readonly resolve: (ended: Ended) => void;
}

/** A shell, in the C locale, that runs one program after the other. */
export class Shell {
  readonly #child: ChildProcess;
  #job: Job | undefined;
  #isAlive = true;

  constructor() {
    const child = startCompanion("sh", ["-c", script]);
    this.#child = child;
    child.stdin.on("error", () => undefined); // it died: `close` tells
    child.stdout.on("data", (chunk: Buffer) => this.#read("stdout", chunk));
    child.stderr.on("data", (chunk: Buffer) => this.#read("stderr", chunk));
    child.once("error", (error) => this.#died(error.message));
    child.once("close", () => this.#died());
  }

  /** False once it has died: it takes no more orders. */
  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** `order`: one line of shell, the words quoted. Never rejects. One at a time. */
  run(order: string, timeoutMs: number): Promise<Ended> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#stop("too late"), timeoutMs);
      this.#job = { timer, stdout: [], stderr: [], bytes: 0, resolve };
      if (this.#isAlive) this.#child.stdin?.write(`${order} </dev/null\n`);
      else this.#died();
    });
  }

  /** Resolves when it is gone. */
  async end(): Promise<void> {
    if (!this.#isAlive) return;
    const closed = once(this.#child, "close");
    this.#kill();
    await closed;
  }

  /** With what it is running. */
  #kill(): void {
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, "SIGKILL");
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error; // it is gone already
    }
  }

  #stop(why: "too late" | "too much"): void {
    if (!this.#job || this.#job.stopped) return;
    this.#job.stopped = why;
    this.#isAlive = false;
    this.#kill();
  }

  #read(stream: "stdout" | "stderr", chunk: Buffer): void {
    const job = this.#job;
    if (!job) return;
    job.bytes += chunk.length;
    if (job.bytes > maxOutputBytes) return this.#stop("too much");
    job[stream].push(chunk);
    const exitCode = endOfOutput.exec(tailOf(job.stdout))?.[1];
    if (exitCode !== undefined && tailOf(job.stderr).endsWith("\0")) this.#finish(Number(exitCode));
  }

  #finish(exitCode: number | undefined, startError?: string): void {
    const job = this.#job;
    if (!job) return;
    clearTimeout(job.timer);
    this.#job = undefined;
    const [stdout, stderr] = [textOf(job.stdout), textOf(job.stderr)];
    // 127: the shell has not found it, and says so.
    const missing = exitCode === 127 && /not found\s*$/.test(stderr) ? "ENOENT" : startError;
    job.resolve({
      exitCode: missing === undefined ? exitCode : undefined,
      stdout,
      stderr,
      ...(missing !== undefined && { startError: missing }),
      ...(job.stopped && { stopped: job.stopped }),
    });
  }

  #died(startError?: string): void {
    this.#isAlive = false;
    this.#finish(undefined, startError);
  }
}

/** The last bytes of what was read, as a text. */
function tailOf(chunks: readonly Buffer[]): string {
  let tail = "";
  for (let index = chunks.length - 1; index >= 0 && tail.length < longestEnd; index--)
    tail = (chunks[index] ?? Buffer.of()).subarray(-longestEnd).toString("latin1") + tail;
  return tail.slice(-longestEnd);
}

const textOf = (chunks: readonly Buffer[]): string =>
  Buffer.concat(chunks)
    .toString("utf8")
    .replace(/\0(?:\d{1,3}\n)?$/, "");
