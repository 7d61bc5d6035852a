import { fileURLToPath } from "node:url";
import type { LabNode } from "./node.ts";
import { Service } from "./service.ts";
import { waitFor } from "./wait.ts";

const program = fileURLToPath(new URL("delay-process.ts", import.meta.url));

/** A host, and the port of the relay at which the other one reaches it. */
export interface Relayed {
  readonly port: number;
  /** An address; packets go to WireGuard's port there. */
  readonly host: string;
}

/**
 * A way that takes its time, for kernels that cannot delay packets: a relay at one of a node's addresses, which looks to
 * each of two hosts like the other one behind a NAT.
 */
export class Delay extends Service {
  constructor(node: LabNode, address: string, hosts: readonly [Relayed, Relayed], milliseconds: number) {
    const sides = hosts.map(({ port, host }) => `${port}=${host}/51820`);
    super(node.namespace, "delay", [process.execPath, program, address, ...sides, String(milliseconds)]);
  }

  /** Resolves when it relays. */
  override async start(): Promise<void> {
    await super.start();
    await waitFor(async () => (await this.log()).includes("relaying"), {
      what: "the relay",
      describe: () => this.log(),
    });
  }
}
