import { execa } from "execa";
import type { LabNode } from "./node.ts";
import { waitFor } from "./wait.ts";

/** A ping that runs until it is stopped: what is lost meanwhile, and when which answer came. */
export class PingStream {
  readonly #process: ReturnType<typeof ping>;
  #text = "";

  private constructor(process: ReturnType<typeof ping>) {
    this.#process = process;
    process.stdout.on("data", (chunk: Buffer) => {
      this.#text += chunk.toString();
    });
  }

  /** Resolves when the first answer came. */
  static async start(from: LabNode, target: string, intervalSeconds = 0.02): Promise<PingStream> {
    const stream = new PingStream(ping(from, target, intervalSeconds));
    await stream.moreAnswers(1);
    return stream;
  }

  get answers(): number {
    return this.#text.split("bytes from").length - 1;
  }

  /** Waits until that many more came. */
  async moreAnswers(count: number): Promise<void> {
    const wanted = this.answers + count;
    await waitFor(() => this.answers >= wanted, {
      what: `${count} more answers`,
      describe: () => this.#text.slice(-500),
    });
  }

  /** When the first ping that was sent after this was answered, both in milliseconds since 1970. */
  answeredAfter(sentAfter: number): Promise<number> {
    return waitFor(
      () =>
        [...this.#text.matchAll(/^\[([\d.]+)\] .* time=([\d.]+) ms$/gm)]
          .map(([, at, took]) => ({ at: Number(at) * 1000, sentAt: Number(at) * 1000 - Number(took) }))
          .find(({ sentAt }) => sentAt >= sentAfter)?.at,
      { what: "an answer", describe: () => this.#text.slice(-500) },
    );
  }

  /** Counts from the first answer to the last: what was sent after that may have been on its way when the end came. */
  async stop(): Promise<{ readonly sent: number; readonly lost: number }> {
    this.#process.kill("SIGINT");
    await this.#process;
    const answered = new Set(
      [...this.#text.matchAll(/icmp_seq=(\d+) .*time=/g)].map(([, number]) => Number(number)),
    );
    const sent = Math.max(...answered) - Math.min(...answered) + 1;
    return { sent, lost: sent - answered.size };
  }
}

const ping = (from: LabNode, target: string, interval: number) => {
  const [program = "", ...args] = from.namespace.enter(["ping", "-D", "-n", "-i", String(interval), target]);
  return execa(program, args, { reject: false, stdin: "ignore", buffer: false });
};
