import { fileURLToPath } from "node:url";
import type { Address, Prefix } from "../src/net/index.ts";
import type { Cluster } from "./config.ts";
import type { LabNode } from "./node.ts";
import { Service } from "./service.ts";

/** The claims of a hostile member. */
export interface Claimed {
  /** The name by which other nodes know the member. */
  readonly name: string;
  readonly addresses?: readonly Address[];
  readonly networks?: readonly Prefix[];
  readonly excluded?: readonly Prefix[];
}

const announcer = fileURLToPath(new URL("hostile-announcer.ts", import.meta.url));

/**
 * An attacker with the cluster's secret that announces arbitrary claims, without a WireGuard behind them. It runs on a
 * node that reaches the service.
 */
export class HostileMember extends Service {
  readonly #node: LabNode;
  readonly #file: string;

  constructor(node: LabNode, url: string, name: string) {
    const file = `/run/hostile-${name}.json`;
    super(node.namespace, `hostile-${name}`, [process.execPath, announcer, file, url]);
    this.#node = node;
    this.#file = file;
  }

  async announce(cluster: Cluster, claimed: Claimed): Promise<void> {
    await this.#node.namespace.write(this.#file, JSON.stringify({ cluster, claimed }));
    await this.start();
  }
}
