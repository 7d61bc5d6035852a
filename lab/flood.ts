import { fileURLToPath } from "node:url";
import type { Cluster } from "./config.ts";
import type { LabNode } from "./node.ts";
import { Service } from "./service.ts";

const program = fileURLToPath(new URL("flood-process.ts", import.meta.url));
const clusterFile = "/run/flooded-cluster.json";

/** Made-up members of a cluster with an increasing number of endpoints, at the addresses of a victim. */
export class Flood extends Service {
  readonly #node: LabNode;
  readonly #cluster: Cluster;

  constructor(node: LabNode, url: string, cluster: Cluster, members: number, addresses: readonly string[]) {
    const args = [program, clusterFile, url, String(members), ...addresses];
    super(node.namespace, "flood", [process.execPath, ...args]);
    this.#node = node;
    this.#cluster = cluster;
  }

  override async start(): Promise<void> {
    await this.#node.namespace.write(clusterFile, JSON.stringify(this.#cluster));
    await super.start();
  }
}
