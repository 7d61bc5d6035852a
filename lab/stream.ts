import { execa } from "execa";
import type { Namespace } from "./namespace.ts";
import { waitFor } from "./wait.ts";

/** A place from which commands are run. */
export interface Place {
  readonly namespace: Pick<Namespace, "enter">;
}

/** A ping that runs until it is stopped, with the number of lost packets and the time of each answer. */
export class PingStream {
  readonly #process: ReturnType<typeof ping>;
  #text = "";

  private constructor(process: ReturnType<typeof ping>) {
    this.#process = process;
    process.stdout.on("data", (chunk: Buffer) => {
      this.#text += chunk.toString();
    });
  }

  /** Starts the ping, and resolves when the first answer arrived. */
  static async start(from: Place, target: string, intervalSeconds = 0.02): Promise<PingStream> {
    const stream = PingStream.startUnanswered(from, target, intervalSeconds);
    await stream.moreAnswers(1);
    return stream;
  }

  /** Starts the ping to somebody who need not answer. */
  static startUnanswered = (from: Place, target: string, intervalSeconds = 0.02): PingStream =>
    new PingStream(ping(from, target, intervalSeconds));

  get answers(): number {
    return this.#text.split("bytes from").length - 1;
  }

  /** Waits until so many more answers arrived. */
  async moreAnswers(count: number): Promise<void> {
    const wanted = this.answers + count;
    await waitFor(() => this.answers >= wanted, {
      what: `${count} more answers`,
      describe: () => this.#text.slice(-500),
    });
  }

  /**
   * The time at which the first ping that was sent after `sentAfter` was answered. Both are in milliseconds since 1970.
   */
  answeredAfter(sentAfter: number): Promise<number> {
    return waitFor(
      () =>
        [...this.#text.matchAll(/^\[([\d.]+)\] .* time=([\d.]+) ms$/gm)]
          .map(([, at, took]) => ({ at: Number(at) * 1000, sentAt: Number(at) * 1000 - Number(took) }))
          .find(({ sentAt }) => sentAt >= sentAfter)?.at,
      { what: "an answer", describe: () => this.#text.slice(-500) },
    );
  }

  /**
   * Stops the ping and counts from the first answer to the last, because later packets may still have been under way. Of what
   * got lost it gives up to ten numbers, which begin with 1 at the start of the ping.
   */
  async stop(): Promise<{
    readonly sent: number;
    readonly lost: number;
    readonly missing: readonly number[];
  }> {
    this.#process.kill("SIGINT");
    await this.#process;
    const answered = new Set(
      [...this.#text.matchAll(/icmp_seq=(\d+) .*time=/g)].map(([, number]) => Number(number)),
    );
    const first = Math.min(...answered);
    const sent = Math.max(...answered) - first + 1;
    const numbers = Array.from({ length: sent }, (_, index) => first + index);
    const missing = numbers.filter((number) => !answered.has(number));
    return { sent, lost: missing.length, missing: missing.slice(0, 10) };
  }
}

const ping = (from: Place, target: string, interval: number) => {
  const [program = "", ...args] = from.namespace.enter(["ping", "-D", "-n", "-i", String(interval), target]);
  return execa(program, args, { reject: false, stdin: "ignore", buffer: false });
};
