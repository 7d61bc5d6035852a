import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import { bound } from "../../lab/bound.ts";
import type { Cluster, LabNode } from "../../lab/index.ts";
import type { Order } from "./order.ts";

const script = fileURLToPath(new URL("./service.ts", import.meta.url));

/** The discovery service of service.ts on a node, at port 3000, with the affiliates that it is told. */
export class FakeService {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  readonly #lines: Interface;

  static async start(node: LabNode, host: string, cluster: Cluster): Promise<FakeService> {
    const argv = [process.execPath, script, host, cluster.id, cluster.secret];
    const program = bound(...node.namespace.enter(argv));
    const service = new FakeService(
      spawn(...program, { stdio: ["pipe", "pipe", "inherit"], detached: true }),
    );
    await service.#answer();
    return service;
  }

  private constructor(child: ChildProcess) {
    if (!child.stdout) throw new Error("without output");
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout });
    this.#answers = this.#lines[Symbol.asyncIterator]();
  }

  /**
   * Makes the service announce and forget affiliates. Gives the time before the first one, on the monotonic clock in
   * nanoseconds; afterwards the service has all of them.
   */
  async tell({ tell = [], forget = [] }: Partial<Order>): Promise<bigint> {
    this.#child.stdin?.write(`${JSON.stringify({ tell, forget } satisfies Order)}\n`);
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
