import { waitFor } from "../../lab/index.ts";
import type { Row } from "../report.ts";
import { MeasuredService } from "./measured-service.ts";
import { Crowd } from "./watchers.ts";

interface Returning {
  /** The checkout whose service is measured. */
  readonly tree: string;
  readonly nodes: number;
  readonly clusters: number;
  readonly perConnection: number;
}

const name = (cluster: number): string => `cluster-${cluster}`;

/**
 * Measures what it takes until all nodes of each cluster know each other again after the service was restarted and
 * holds nothing: each node says its affiliate and watches, all at the same moment.
 */
export async function measureReturn({ tree, nodes, clusters, perConnection }: Returning): Promise<Row> {
  const service = await MeasuredService.start("unlimited", tree);
  const crowd = new Crowd(service.port, perConnection, () => undefined);
  try {
    const [memory, cpu, since] = [service.memory(), service.cpu(), performance.now()];
    for (let index = 0; index < nodes; index++) crowd.join(name(index % clusters), index);
    await waitFor(() => crowd.knowing(nodes / clusters) === nodes, {
      what: "all nodes to know all",
      seconds: 900,
      describe: () => `${crowd.knowing(nodes / clusters)} of ${nodes} do`,
    });
    return {
      tree: tree.split("/").at(-1) ?? tree,
      "nodes that return": nodes,
      clusters,
      "all know all, s": ((performance.now() - since) / 1000).toFixed(1),
      "CPU s": (service.cpu() - cpu).toFixed(1),
      "messages/node": (crowd.messages / nodes).toFixed(0),
      "cut off": crowd.cutOff,
      "MiB more at most": Math.round((service.mostMemory() - memory) / 1024),
    };
  } finally {
    crowd.close();
    await service.stop();
  }
}
