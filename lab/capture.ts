import { readFile, rm } from "node:fs/promises";
import { execa } from "execa";
import { output } from "./command.ts";
import type { Lab } from "./lab.ts";
import type { Namespace } from "./namespace.ts";
import type { Network } from "./node.ts";
import { waitFor } from "./wait.ts";

let started = 0;

/** A capture of all packets on a network. After it was stopped it can be searched with tcpdump's filters. */
export class Capture {
  readonly #file: string;
  readonly #process: ReturnType<typeof tcpdump>;

  readonly #heard: () => string;

  private constructor(file: string, process: ReturnType<typeof tcpdump>, heard: () => string) {
    this.#file = file;
    this.#process = process;
    this.#heard = heard;
  }

  static start(lab: Lab, network: Network): Promise<Capture> {
    return Capture.on(lab.wires, network.name);
  }

  /** Captures on a link in a namespace. A filter may leave packets out, and a length the ends of long ones. */
  static async on(
    namespace: Namespace,
    link: string,
    { filter = "", snapLength = 65535 }: { readonly filter?: string; readonly snapLength?: number } = {},
  ): Promise<Capture> {
    const inside = `/run/${link}-${++started}.pcap`;
    const process = tcpdump(namespace, link, inside, filter, snapLength);
    let heard = "";
    process.stderr.on("data", (chunk: Buffer) => {
      heard += chunk.toString();
    });
    await waitFor(() => heard.includes("listening on"), {
      what: `tcpdump on ${link}`,
      describe: () => heard,
    });
    return new Capture(namespace.path(inside), process, () => heard);
  }

  /**
   * Stops the capture. Throws if packets were lost, since nothing could then be said about packets that were not seen.
   */
  async stop(): Promise<void> {
    this.#process.kill("SIGINT");
    await this.#process;
    if (!/^0 packets dropped by kernel/m.test(this.#heard())) throw new Error(`tcpdump: ${this.#heard()}`);
  }

  /** Tells whether these bytes were in any packet. To be called after `stop`. */
  async contains(bytes: string | Buffer): Promise<boolean> {
    return (await readFile(this.#file)).includes(bytes);
  }

  /** Gives which of these texts were in any packet. To be called after `stop`. */
  async found(texts: readonly string[]): Promise<ReadonlySet<string>> {
    const content = await readFile(this.#file);
    return new Set(texts.filter((text) => content.includes(text)));
  }

  /** Removes the file, which is in memory. To be called after `stop`. */
  remove(): Promise<void> {
    return rm(this.#file);
  }

  /** The packets that match, one line each. To be called after `stop`. */
  async lines(filter: string, ...options: string[]): Promise<string[]> {
    const text = await output(["tcpdump", "-nn", ...options, "-r", this.#file, filter]);
    return text.split("\n").filter((line) => line !== "");
  }
}

const tcpdump = (namespace: Namespace, link: string, file: string, filter: string, snapLength: number) => {
  // The buffer holds a thousand packets of the longest size, for moments when other processes have the processor.
  const size = ["-s", String(snapLength), "-B", "65536"];
  const options = ["-i", link, "-w", file, "-U", "--immediate-mode", ...size, "-Z", "root"];
  const [program = "", ...args] = namespace.enter(["tcpdump", ...options, filter]);
  return execa(program, args, { reject: false, stdin: "ignore", buffer: false });
};
