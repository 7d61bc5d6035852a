import { startCompanion } from "./companion.ts";
import { type Ended, maxOutputBytes, type Started } from "./process.ts";

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
  readonly #child: Promise<Started>;
  #job: Job | undefined;
  #isAlive = true;

  constructor() {
    this.#child = this.#start();
  }

  async #start(): Promise<Started> {
    const child = await startCompanion("sh", ["-c", script]);
    child.stdout.on("data", (chunk: Buffer) => this.#read("stdout", chunk));
    child.stderr.on("data", (chunk: Buffer) => this.#read("stderr", chunk));
    if (child.pid === undefined) this.#isAlive = false;
    void child.ended.then(() => this.#died());
    return child;
  }

  /** False once it has died, or could not be started: it takes no more orders. */
  get isAlive(): boolean {
    return this.#isAlive;
  }

  /**
   * `order`: one line of shell, the words quoted, and where its standard input is. `undefined` where there is no shell, so
   * that nothing was done. Never rejects. One at a time.
   */
  async run(order: string, timeoutMs: number): Promise<Ended | undefined> {
    const { stdin } = await this.#child;
    if (!this.#isAlive) return undefined;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#stop("too late"), timeoutMs);
      this.#job = { timer, stdout: [], stderr: [], bytes: 0, resolve };
      stdin.write(`${order}\n`);
    });
  }

  /** Resolves when it is gone, with what it was running. */
  async end(): Promise<void> {
    const child = await this.#child;
    child.kill();
    await child.ended;
  }

  #stop(why: "too late" | "too much"): void {
    if (!this.#job || this.#job.stopped) return;
    this.#job.stopped = why;
    this.#isAlive = false;
    void this.#child.then((child) => child.kill());
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

  #finish(exitCode: number | undefined): void {
    const job = this.#job;
    if (!job) return;
    clearTimeout(job.timer);
    this.#job = undefined;
    const [stdout, stderr] = [textOf(job.stdout), textOf(job.stderr)];
    // 127: the shell has not found it, and says so.
    const missing = exitCode === 127 && /not found\s*$/.test(stderr) ? "ENOENT" : undefined;
    job.resolve({
      exitCode: missing === undefined ? exitCode : undefined,
      stdout,
      stderr,
      ...(missing !== undefined && { startError: missing }),
      ...(job.stopped && { stopped: job.stopped }),
    });
  }

  #died(): void {
    this.#isAlive = false;
    this.#finish(undefined);
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
