import { waitFor } from "../../lab/index.ts";
import type { Row } from "../report.ts";
import { MeasuredService } from "./measured-service.ts";
import { Crowd } from "./watchers.ts";

/**
 * Measures what it takes until all nodes of a cluster know each other again after the service was restarted and holds
 * nothing: each node says its affiliate and watches, all at the same moment.
 */
export async function measureReturn(nodes: number, perConnection: number): Promise<Row> {
  const service = await MeasuredService.start();
  const crowd = new Crowd(service.port, perConnection, () => undefined);
  try {
    const [memory, cpu, since] = [service.memory(), service.cpu(), performance.now()];
    for (let index = 0; index < nodes; index++) crowd.join("cluster", index);
    await waitFor(() => crowd.knowing(nodes) === nodes, { what: "all nodes to know all", seconds: 300 });
    return {
      "nodes that return": nodes,
      "all know all, s": ((performance.now() - since) / 1000).toFixed(1),
      "CPU s": (service.cpu() - cpu).toFixed(1),
      "messages/node": (crowd.messages / nodes).toFixed(0),
      "MiB more": Math.round((service.memory() - memory) / 1024),
    };
  } finally {
    crowd.close();
    await service.stop();
  }
}
