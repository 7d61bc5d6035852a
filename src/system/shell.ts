import { startCompanion } from "./companion.ts";
import { type Ended, maxOutputBytes, type Started } from "./process.ts";

/**
 * The program of the shell, which reads orders, one in each line, and carries them out. The output of an order is
 * passed on as it comes. After its end follows a zero byte on both streams, which no tool prints, and the exit code on
 * standard output.
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
  /** The shell; `undefined` if none could be started, which whoever starts the next program is told. */
  readonly #child: Promise<Started | undefined>;
  #job: Job | undefined;
  #isAlive = true;

  constructor() {
    this.#child = this.#start();
  }

  async #start(): Promise<Started | undefined> {
    const child = await startCompanion("sh", ["-c", script]).catch(() => undefined);
    if (!child) {
      this.#isAlive = false;
      return undefined;
    }
    child.stdout.on("data", (chunk: Buffer) => this.#read("stdout", chunk));
    child.stderr.on("data", (chunk: Buffer) => this.#read("stderr", chunk));
    if (child.pid === undefined) this.#isAlive = false;
    void child.ended.then(() => this.#died());
    return child;
  }

  /** Tells whether the shell takes orders. It does not once it has died, or if it could not be started. */
  get isAlive(): boolean {
    return this.#isAlive;
  }

  /**
   * Runs one order: a line of shell with quoted words and the path of its standard input. `undefined` if the shell is
   * dead, so that nothing was done. Never rejects. Only one order may run at a time.
   */
  async run(order: string, timeoutMs: number): Promise<Ended | undefined> {
    const child = await this.#child;
    if (!child || !this.#isAlive) return undefined;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#stop("too late"), timeoutMs);
      this.#job = { timer, stdout: [], stderr: [], bytes: 0, resolve };
      child.stdin.write(`${order}\n`);
    });
  }

  /** Kills the shell and the program that it runs. Resolves when both are gone. */
  async end(): Promise<void> {
    const child = await this.#child;
    child?.kill();
    await child?.ended;
  }

  #stop(why: "too late" | "too much"): void {
    if (!this.#job || this.#job.stopped) return;
    this.#job.stopped = why;
    this.#isAlive = false;
    void this.#child.then((child) => child?.kill());
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
    // The code 127 means that the shell did not find the program, as its message says.
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

/** The last bytes of an output, as a text. */
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
