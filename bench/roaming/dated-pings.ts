import { execa } from "execa";
import { type LabNode, waitFor } from "../../lab/index.ts";

const intervalSeconds = 0.02;

/** Pings whose answers are dated by `ping -D`, until they are stopped. */
export class DatedPings {
  readonly #process: ReturnType<typeof ping>;
  #text = "";

  private constructor(process: ReturnType<typeof ping>) {
    this.#process = process;
    process.stdout.on("data", (chunk: Buffer) => {
      this.#text += chunk.toString();
    });
  }

  /** Resolves when the first answer came. */
  static async start(from: LabNode, target: string): Promise<DatedPings> {
    const pings = new DatedPings(ping(from, target));
    await pings.answeredAfter(0);
    return pings;
  }

  /** When the first ping that was sent after this was answered, in milliseconds since 1970. */
  answeredAfter(sentAfter: number): Promise<number> {
    return waitFor(
      () =>
        [...this.#text.matchAll(/^\[([\d.]+)\] .* time=([\d.]+) ms$/gm)]
          .map(([, at, took]) => ({ at: Number(at) * 1000, sentAt: Number(at) * 1000 - Number(took) }))
          .find(({ sentAt }) => sentAt >= sentAfter)?.at,
      { what: "an answer", describe: () => this.#text.slice(-500) },
    );
  }

  async stop(): Promise<void> {
    this.#process.kill("SIGINT");
    await this.#process;
  }
}

const ping = (from: LabNode, target: string) => {
  const argv = ["ping", "-D", "-n", "-i", String(intervalSeconds), target];
  const [program = "", ...args] = from.namespace.enter(argv);
  return execa(program, args, { reject: false, stdin: "ignore", buffer: false });
};
