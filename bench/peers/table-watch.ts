import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { bound } from "../../lab/bound.ts";
import type { LabNode } from "../../lab/index.ts";

/** Watches `nft monitor` on a node for the times at which prefixes are added to the table. */
export class TableWatch {
  readonly #child: ChildProcess;
  readonly #addedAt = new Map<string, bigint>();
  readonly #waiting = new Map<string, (at: bigint) => void>();

  constructor(node: LabNode) {
    const argv = node.namespace.enter(["nft", "monitor", "elements"]);
    this.#child = spawn(...bound(...argv), {
      stdio: ["ignore", "pipe", "inherit"],
      detached: true,
    });
    if (!this.#child.stdout) throw new Error("without output");
    createInterface({ input: this.#child.stdout }).on("line", (line) => this.#read(line));
  }

  /** Waits until the table holds the prefix, and gives the milliseconds since `since`. */
  async holds(prefix: string, since: bigint): Promise<number> {
    const known = this.#addedAt.get(prefix);
    const at =
      known !== undefined && known >= since
        ? known
        : await new Promise<bigint>((resolve) => this.#waiting.set(prefix, resolve));
    return Number(at - since) / 1e6;
  }

  async stop(): Promise<void> {
    const exit = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exit;
  }

  #read(line: string): void {
    if (!line.startsWith("add element")) return;
    const now = process.hrtime.bigint();
    for (const [, network] of line.matchAll(/(\d+\.\d+\.\d+\.0)(?![\d/])/g)) {
      const prefix = `${network}/24`; // the set of networks of this length leaves the length out
      this.#addedAt.set(prefix, now);
      this.#waiting.get(prefix)?.(now);
      this.#waiting.delete(prefix);
    }
  }
}
