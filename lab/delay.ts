import { fileURLToPath } from "node:url";
import type { LabNode } from "./node.ts";
import { Service } from "./service.ts";
import { waitFor } from "./wait.ts";

const program = fileURLToPath(new URL("delay-process.ts", import.meta.url));

/** A host, and the port of the relay at which the other host reaches it. */
export interface Relayed {
  readonly port: number;
  /** The address to which packets are sent, at WireGuard's port. */
  readonly host: string;
}

/**
 * A slow path for kernels that cannot delay packets: a relay at an address of a node. To each of two hosts it looks
 * like the other host behind a NAT.
 */
export class Delay extends Service {
  constructor(node: LabNode, address: string, hosts: readonly [Relayed, Relayed], milliseconds: number) {
    const sides = hosts.map(({ port, host }) => `${port}=${host}/51820`);
    super(node.namespace, "delay", [process.execPath, program, address, ...sides, String(milliseconds)]);
  }

  /** Resolves when the relay works. */
  override async start(): Promise<void> {
    await super.start();
    await waitFor(async () => (await this.log()).includes("relaying"), {
      what: "the relay",
      describe: () => this.log(),
    });
  }
}
