import type { Program } from "./program.ts";
import type { Space } from "./space.ts";
import { waitFor } from "./wait-for.ts";

export interface PingResult {
  readonly sent: number;
  readonly received: number;
  /** What ping printed. */
  readonly text: string;
}

/** A few packets; each may take some seconds. */
export async function ping(space: Space, target: string, count = 3): Promise<PingResult> {
  const wait = ["-c", String(count), "-i", "0.2", "-W", "10", "-n"];
  return parse((await space.attempt("ping", ...wait, target)).all);
}

/** One packet that is answered within a second, or not. */
export const isReachable = async (space: Space, target: string): Promise<boolean> =>
  (await space.attempt("ping", "-c", "1", "-W", "1", "-n", target)).exitCode === 0;

/** Many packets per second, until it is stopped. */
export class RunningPing {
  readonly #program: Program;

  /** Resolves with the first answer. */
  static async start(space: Space, target: string): Promise<RunningPing> {
    const running = new RunningPing(space.start("ping", "-i", "0.02", "-n", target));
    await running.answers(1);
    return running;
  }

  private constructor(program: Program) {
    this.#program = program;
  }

  /** Resolves after so many more answers. */
  async answers(count: number): Promise<void> {
    const before = this.#answered();
    await waitFor(() => this.#answered() >= before + count, {
      what: `${count} answers to a ping`,
      describe: () => this.#program.lines.slice(-5).join("\n"),
    });
  }

  /** Stops sending, once what is under way had time to be answered. */
  async stop(): Promise<PingResult> {
    await this.answers(1);
    await this.#program.stop("SIGINT");
    return parse(this.#program.lines.join("\n"));
  }

  /** Counted by sequence number, as kept lines are limited. */
  #answered(): number {
    const last = this.#program.lines.findLast((line) => line.includes("bytes from"));
    return Number(/icmp_seq=(\d+)/.exec(last ?? "")?.[1] ?? 0);
  }
}

function parse(text: string): PingResult {
  const match = /(\d+) packets transmitted, (\d+) received/.exec(text);
  if (!match) throw new Error(`ping: ${text}`);
  return { sent: Number(match[1]), received: Number(match[2]), text };
}
