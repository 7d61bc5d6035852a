import { randomBytes } from "node:crypto";
import { type Ended, type Started, startCompanion } from "../../system/index.ts";

const mostComplaint = 256 * 1024;
/** nft keeps a history of its lines in this folder. There is none. */
const noHome = "/proc/self/fd/none";

interface Job {
  readonly timer: NodeJS.Timeout;
  /** The name that nft complains of after the end of the transaction. */
  readonly end: string;
  complaint: string;
  stopped?: "too late" | "too much";
  readonly resolve: (ended: Ended) => void;
}

/**
 * An nft that stays, and carries out one transaction after the other over the same socket. It does not tell the end of
 * one: after each it is asked for a table that cannot be there, and what it complained of before that is about the
 * transaction.
 */
export class InteractiveNft {
  readonly #child: Started;
  #job: Job | undefined;
  #isAlive = true;
  /** Resolves when the process has ended. */
  readonly ended: Promise<unknown>;

  /** Starts the process. However this one ends, the kernel ends that one, too. */
  static async start(): Promise<InteractiveNft> {
    return new InteractiveNft(await startCompanion("nft", ["-i"], { HOME: noHome }));
  }

  private constructor(child: Started) {
    this.#child = child;
    child.stdout.resume(); // it repeats what it is told
    child.stderr.setEncoding("utf8").on("data", (text: string) => this.#read(text));
    this.ended = child.ended.then(({ startError }) => this.#died(startError));
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Carries out the transaction in a file, all of it or nothing. Only one may run at a time. Never rejects. */
  run(file: string, timeoutMs: number): Promise<Ended> {
    return new Promise((resolve) => {
      const end = `kubespan_end_${randomBytes(8).toString("hex")}`;
      const timer = setTimeout(() => this.#stop("too late"), timeoutMs);
      this.#job = { timer, end, complaint: "", resolve };
      if (this.#isAlive) this.#child.stdin.write(`include "${file}"\nlist table inet ${end}\n`);
      else this.#died("it has ended");
    });
  }

  /** Kills the process. Resolves when it is gone. */
  async close(): Promise<void> {
    this.#child.kill();
    await this.ended;
  }

  #stop(why: "too late" | "too much"): void {
    if (!this.#job || this.#job.stopped) return;
    this.#job.stopped = why;
    this.#isAlive = false;
    this.#child.kill();
  }

  #read(text: string): void {
    const job = this.#job;
    if (!job) return;
    job.complaint += text;
    if (job.complaint.length > mostComplaint) return this.#stop("too much");
    const complaint = complaintBefore(job.end, job.complaint);
    if (complaint !== undefined) this.#finish({ exitCode: complaint === "" ? 0 : 1, stderr: complaint });
  }

  #died(startError: string | undefined): void {
    this.#isAlive = false;
    const said = this.#job?.complaint.trim() ?? "";
    this.#finish({
      exitCode: undefined,
      stderr: said || "the nft that carries out transactions has ended",
      ...(startError !== undefined && { startError }),
    });
  }

  #finish(end: Omit<Ended, "stdout">): void {
    const job = this.#job;
    if (!job) return;
    clearTimeout(job.timer);
    this.#job = undefined;
    job.resolve({ ...end, stdout: "", ...(job.stopped && { stopped: job.stopped }) });
  }
}

/**
 * The complaint about what came before the table with that name was asked for; `undefined` while nft has not said that
 * there is no such table. Lines that only point at words are left out: the last one may be that of the name before.
 */
export function complaintBefore(end: string, text: string): string | undefined {
  const lines = text.split("\n").filter((line) => !/^[\s^~-]*$/.test(line));
  const named = lines.findIndex((line) => line.includes(end));
  if (named < 0) return undefined;
  // The name is in the line that is complained of, or in the complaint itself.
  const first = lines[named]?.includes("Error:") ? named : named - 1;
  return lines.slice(0, Math.max(0, first)).join("\n");
}
