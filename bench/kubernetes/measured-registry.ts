import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { bound } from "../../lab/bound.ts";
import { waitFor } from "../../lab/index.ts";
import { idOf } from "../../test/unit/discovery/samples.ts";
import { costOf } from "../processor-time.ts";

interface Answer {
  readonly changes: number;
  readonly affiliates: number;
  /** The number of affiliates with the address that was asked for. */
  readonly has: number;
}

/** A registry of a tree, measured from outside. */
export class MeasuredRegistry {
  readonly #child: ChildProcess;
  readonly #pid: number;
  readonly #lines: AsyncIterator<string>;

  /** Resolves when the registry knows all Nodes. */
  static async start(tree: string, kubeconfig: string, nodeName: string): Promise<MeasuredRegistry> {
    const script = join(import.meta.dirname, "registry.ts");
    // The flags are those of bin/kubespan for memory.
    const flags = ["--max-semi-space-size=1", "--expose-gc"];
    const program = bound(process.execPath, ...flags, script, tree, kubeconfig, idOf(nodeName), nodeName);
    const registry = new MeasuredRegistry(spawn(...program, { stdio: ["pipe", "pipe", "inherit"] }));
    await registry.#line();
    return registry;
  }

  private constructor(child: ChildProcess) {
    if (!child.stdout || child.pid === undefined) throw new Error("the registry was not started");
    this.#child = child;
    this.#pid = child.pid;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** The processor time of the process in seconds. */
  cpu(): number {
    return costOf(this.#pid).own;
  }

  /** The resident memory in MB, at the moment and at most so far. */
  memory(): { readonly now: number; readonly most: number } {
    const status = readFileSync(`/proc/${this.#pid}/status`, "utf8");
    const [now, most] = ["VmRSS", "VmHWM"].map((name) =>
      Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]),
    );
    return { now: (now ?? 0) / 1024, most: (most ?? 0) / 1024 };
  }

  /** The bytes that the process has read from the network, and from files. */
  received(): number {
    return Number(/^rchar: (\d+)/m.exec(readFileSync(`/proc/${this.#pid}/io`, "utf8"))?.[1]);
  }

  async ask(address: string): Promise<Answer> {
    this.#child.stdin?.write(`${address}\n`);
    return JSON.parse(await this.#line()) as Answer;
  }

  /** Resolves when so many nodes have announced the address. */
  async knows(address: string, nodes: number): Promise<void> {
    await waitFor(async () => (await this.ask(address)).has >= nodes, {
      what: `${nodes} nodes with ${address}`,
      seconds: 600,
    });
  }

  async stop(): Promise<void> {
    const exit = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exit;
  }

  async #line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("the registry ended");
    return value;
  }
}
