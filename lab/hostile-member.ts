import { fileURLToPath } from "node:url";
import type { Address, Endpoint, Prefix } from "../src/net/index.ts";
import type { Cluster } from "./config.ts";
import type { LabNode } from "./node.ts";
import { Service } from "./service.ts";

/** What a member that is under nobody's control says of itself. */
export interface Claimed {
  /** How others call it. */
  readonly name: string;
  readonly addresses?: readonly Address[];
  readonly networks?: readonly Prefix[];
  readonly excluded?: readonly Prefix[];
  /** Of the WireGuard behind it; else one that nobody has. */
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
 * Somebody who has the cluster's secret and announces whatever it likes; there is no WireGuard behind it. Runs on a node
 * that reaches the service.
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
