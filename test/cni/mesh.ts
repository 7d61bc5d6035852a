import type { Network } from "../../lab/index.ts";
import { type Capture, type Lab, type LabNode, newCluster, publicNetwork, waitFor } from "../../lab/index.ts";

/**
 * Two nodes with a pod each, and a host that has nothing to do with them; the mesh is up.
 *
 *   pod 10.244.1.2     pod 10.244.2.2
 *      |                  |
 *   a 203.0.113.1      b 203.0.113.2      service 203.0.113.9      client 203.0.113.50
 *      |                  |                  |                        |
 *   ===+==================+==================+========================+=== internet
 */
export interface Mesh {
  readonly internet: Network;
  readonly a: LabNode;
  readonly b: LabNode;
  readonly podA: LabNode;
  readonly podB: LabNode;
  readonly client: LabNode;
}

export const nodeAddress = { a: "203.0.113.1", b: "203.0.113.2" } as const;
export const podAddress = { a: "10.244.1.2", b: "10.244.2.2" } as const;

export async function twoNodes(lab: Lab, isAdvertised: boolean): Promise<Mesh> {
  const { network, discovery, host } = await publicNetwork(lab);
  const [a, b, client] = [await host("a", 1), await host("b", 2), await host("client", 50)];
  const options = { cluster: newCluster(), services: [discovery.url] };
  const pods: LabNode[] = [];
  for (const [index, node] of [a, b].entries()) {
    pods.push(await node.pod(index + 1));
    await node.namespace.sysctl("net.ipv4.ip_forward=1"); // as Kubernetes wants it
    const advertisedPrefixes = isAdvertised ? [`10.244.${index + 1}.0/24`] : [];
    await node.start({ ...options, daemon: { advertisedPrefixes } });
  }
  const [podA = a, podB = b] = pods;
  await Promise.all([a.daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);
  await waitFor(() => a.reaches(nodeAddress.b), { what: "an answer through the mesh" });
  return { internet: network, a, b, podA, podB, client };
}

/** Packets on the wire, other than those of tunnels, of discovery and of links among themselves. */
export const inClear = (capture: Capture, filter = "ip"): Promise<string[]> =>
  capture.lines(`(${filter}) and ip and not udp port 51820 and not port 3000`);
