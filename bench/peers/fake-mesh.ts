import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Cluster, LabNode } from "../../lab/index.ts";
import type { Order } from "./orders.ts";

const script = fileURLToPath(new URL("./service.ts", import.meta.url));

/** The discovery service of service.ts on a node, and what it is told. */
export class FakeMesh {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  readonly #lines: Interface;
  readonly #isDialled: boolean;

  static async start(node: LabNode, cluster: Cluster, isDialled: boolean): Promise<FakeMesh> {
    const argv = [process.execPath, script, "10.0.0.2", cluster.id, cluster.secret];
    const enter = ["--pdeathsig", "KILL", "--", ...node.namespace.enter(argv)];
    const mesh = new FakeMesh(
      spawn("setpriv", enter, { stdio: ["pipe", "pipe", "inherit"], detached: true }),
      isDialled,
    );
    await mesh.#answer();
    return mesh;
  }

  private constructor(child: ChildProcess, isDialled: boolean) {
    if (!child.stdout) throw new Error("without output");
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout });
    this.#answers = this.#lines[Symbol.asyncIterator]();
    this.#isDialled = isDialled;
  }

  /** Gives the moment before the first was told, on the monotonic clock in ns; the service has all of them then. */
  async tell(order: Omit<Order, "isDialled">): Promise<bigint> {
    this.#child.stdin?.write(`${JSON.stringify({ ...order, isDialled: this.#isDialled })}\n`);
    return BigInt(await this.#answer());
  }

  async stop(): Promise<void> {
    const exit = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exit;
    this.#lines.close();
  }

  async #answer(): Promise<string> {
    const { value, done } = await this.#answers.next();
    if (done) throw new Error("the discovery service of the bench ended");
    return value;
  }
}
