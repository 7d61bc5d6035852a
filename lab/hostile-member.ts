import { fileURLToPath } from "node:url";
import type { Address, Endpoint, Prefix } from "../src/net/index.ts";
import type { Cluster } from "./config.ts";
import type { LabNode } from "./node.ts";
import { Service } from "./service.ts";

/** The claims of a hostile member. */
export interface Claimed {
  /** The name by which other nodes know the member. */
  readonly name: string;
  readonly addresses?: readonly Address[];
  readonly operatingSystem?: string;
  readonly networks?: readonly Prefix[];
  readonly excluded?: readonly Prefix[];
  /** The public key of the WireGuard device behind it; without one, a key that nobody has. */
  readonly publicKey?: string;
  readonly endpoints?: readonly Endpoint[];
}

/** A farewell in the name of another member, with a proof to one that is made up. */
export interface ForgedFarewell {
  readonly nodeId: string;
  readonly number: number;
  /** The public key of the member that is to believe it. */
  readonly recipient: string;
}

/** What the process is told. */
export interface Told {
  readonly cluster: Cluster;
  readonly claimed: Claimed;
  readonly farewell?: ForgedFarewell;
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

  announce(cluster: Cluster, claimed: Claimed): Promise<void> {
    return this.#begin({ cluster, claimed });
  }

  sayFarewell(cluster: Cluster, farewell: ForgedFarewell): Promise<void> {
    return this.#begin({ cluster, claimed: { name: this.#node.name }, farewell });
  }

  async #begin(told: Told): Promise<void> {
    await this.#node.namespace.write(this.#file, JSON.stringify(told));
    await this.start();
  }
}
