import { execa } from "execa";
import { output } from "./command.ts";
import type { Lab, Network } from "./lab.ts";
import type { Namespace } from "./namespace.ts";
import { waitFor } from "./wait.ts";

/** Everything that crosses a network, kept until it is stopped; then it can be asked with tcpdump's filters. */
export class Capture {
  readonly #file: string;
  readonly #process: ReturnType<typeof tcpdump>;

  private constructor(file: string, process: ReturnType<typeof tcpdump>) {
    this.#file = file;
    this.#process = process;
  }

  static async start(lab: Lab, network: Network): Promise<Capture> {
    const inside = `/run/${network.name}.pcap`;
    const process = tcpdump(lab.wires, network.name, inside);
    let heard = "";
    process.stderr.on("data", (chunk: Buffer) => {
      heard += chunk.toString();
    });
    await waitFor(() => heard.includes("listening on"), {
      what: `tcpdump on ${network.name}`,
      describe: () => heard,
    });
    return new Capture(lab.wires.path(inside), process);
  }

  async stop(): Promise<void> {
    this.#process.kill("SIGINT");
    await this.#process;
  }

  /** Packets that match, one line each. Ask after `stop`. */
  async lines(filter: string): Promise<string[]> {
    const text = await output(["tcpdump", "-nn", "-r", this.#file, filter]);
    return text.split("\n").filter((line) => line !== "");
  }
}

const tcpdump = (wires: Namespace, link: string, file: string) => {
  const options = ["-i", link, "-w", file, "-U", "--immediate-mode", "-Z", "root"];
  const [program = "", ...args] = wires.enter(["tcpdump", ...options]);
  return execa(program, args, { reject: false, stdin: "ignore", buffer: false });
};
