import { fileURLToPath } from "node:url";
import type { Affiliate } from "../src/discovery/index.ts";
import type { Cluster } from "./config.ts";
import type { LabNode } from "./node.ts";
import { Service } from "./service.ts";
import { waitFor } from "./wait.ts";

const watcher = fileURLToPath(new URL("affiliate-watcher.ts", import.meta.url));
const clusterFile = "/run/watched-cluster.json";

/**
 * The messages of a discovery service to its watchers, with their times. The watcher runs on a node that reaches the
 * service and is not a member.
 */
export class AffiliateWatch extends Service {
  readonly #node: LabNode;
  readonly #cluster: Cluster;

  constructor(node: LabNode, url: string, cluster: Cluster) {
    super(node.namespace, "watch", [process.execPath, watcher, clusterFile, url]);
    this.#node = node;
    this.#cluster = cluster;
  }

  /** Starts watching, and resolves when these nodes are known. */
  async watch(...names: readonly string[]): Promise<void> {
    await this.#node.namespace.write(clusterFile, JSON.stringify(this.#cluster));
    await this.start();
    for (const name of names) await this.toldOf(name, 0, () => true);
  }

  /** The time, in milliseconds since 1970, at which a node was first announced as wanted, after `since`. */
  toldOf(name: string, since: number, isAsWanted: (affiliate: Affiliate) => boolean): Promise<number> {
    return waitFor(
      async () => {
        const told = linesOf(await this.log()).find(
          ({ at, affiliates }) =>
            at >= since && affiliates.some((each) => each.nodeName === name && isAsWanted(each)),
        );
        return told?.at;
      },
      { what: `word of ${name}`, describe: async () => (await this.log()).slice(-3000) },
    );
  }
}

interface Told {
  readonly at: number;
  readonly affiliates: readonly Affiliate[];
}

/** The lines without the last one, which may be incomplete. */
const linesOf = (text: string): Told[] =>
  text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Told);
