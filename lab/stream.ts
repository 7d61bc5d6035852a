import { execa } from "execa";
import { type LabNode, pingCounts } from "./node.ts";
import { waitFor } from "./wait.ts";

/** A ping that runs until it is stopped, for counting what is lost meanwhile. */
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

  /** The last request may be on its way when the end comes: one missing answer says nothing. */
  async stop(): Promise<{ readonly sent: number; readonly lost: number }> {
    this.#process.kill("SIGINT");
    await this.#process;
    const { sent, received } = pingCounts(this.#text);
    return { sent, lost: Math.max(0, sent - received - 1) };
  }
}

const ping = (from: LabNode, target: string, interval: number) => {
  const [program = "", ...args] = from.namespace.enter(["ping", "-n", "-i", String(interval), target]);
  return execa(program, args, { reject: false, stdin: "ignore", buffer: false });
};
