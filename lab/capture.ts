import { readFile } from "node:fs/promises";
import { execa } from "execa";
import { output } from "./command.ts";
import type { Lab } from "./lab.ts";
import type { Namespace } from "./namespace.ts";
import type { Network } from "./node.ts";
import { waitFor } from "./wait.ts";

let started = 0;

/** Everything that crosses a network, kept until it is stopped; then it can be asked with tcpdump's filters. */
export class Capture {
  readonly #file: string;
  readonly #process: ReturnType<typeof tcpdump>;

  readonly #heard: () => string;

  private constructor(file: string, process: ReturnType<typeof tcpdump>, heard: () => string) {
    this.#file = file;
    this.#process = process;
    this.#heard = heard;
  }

  static async start(lab: Lab, network: Network): Promise<Capture> {
    const inside = `/run/${network.name}-${++started}.pcap`;
    const process = tcpdump(lab.wires, network.name, inside);
    let heard = "";
    process.stderr.on("data", (chunk: Buffer) => {
      heard += chunk.toString();
    });
    await waitFor(() => heard.includes("listening on"), {
      what: `tcpdump on ${network.name}`,
      describe: () => heard,
    });
    return new Capture(lab.wires.path(inside), process, () => heard);
  }

  /** Throws if packets got lost: then nothing could be said about what was not seen. */
  async stop(): Promise<void> {
    this.#process.kill("SIGINT");
    await this.#process;
    if (!/^0 packets dropped by kernel/m.test(this.#heard())) throw new Error(`tcpdump: ${this.#heard()}`);
  }

  /** Whether these bytes crossed the network anywhere in a packet. Ask after `stop`. */
  async contains(bytes: string | Buffer): Promise<boolean> {
    return (await readFile(this.#file)).includes(bytes);
  }

  /** Packets that match, one line each. Ask after `stop`. */
  async lines(filter: string, ...options: string[]): Promise<string[]> {
    const text = await output(["tcpdump", "-nn", ...options, "-r", this.#file, filter]);
    return text.split("\n").filter((line) => line !== "");
  }
}

const tcpdump = (wires: Namespace, link: string, file: string) => {
  // The buffer has as many places as the longest packet fits into it: a thousand, for moments when others have the processor.
  const size = ["-s", "65535", "-B", "65536"];
  const options = ["-i", link, "-w", file, "-U", "--immediate-mode", ...size, "-Z", "root"];
  const [program = "", ...args] = wires.enter(["tcpdump", ...options]);
  return execa(program, args, { reject: false, stdin: "ignore", buffer: false });
};
