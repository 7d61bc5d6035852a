import type { ConfigOptions, Lab, LabNode, Network } from "../../lab/index.ts";
import { newCluster, publicNetwork, waitFor } from "../../lab/index.ts";
import { bothFamilies } from "./addresses.ts";

/**
 * Two nodes with a pod each, and a host that has nothing to do with them; the mesh is up. All have IPv6, too: nodes and
 * hosts in 2001:db8::/64, pods in fd00:10:244:N::/64.
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

/** How the pod networks of a node become known to the others, if at all. */
export interface Advertising {
  /** Before the nodes start: `hub` is the host at 203.0.113.9. */
  readonly prepare?: (hub: LabNode) => Promise<void>;
  /** Of node 1 or 2. */
  readonly options: (number: number) => Pick<ConfigOptions, "mesh" | "daemon">;
}

/** What Kubernetes gives a node with this number, in both families. */
export const podNetworksOf = (number: number): string[] =>
  bothFamilies.map(({ block }) => block.flannel(number));

export const notAdvertised: Advertising = { options: () => ({}) };
export const advertisedByName: Advertising = {
  options: (number) => ({ daemon: { advertisedPrefixes: podNetworksOf(number) } }),
};

export async function twoNodes(lab: Lab, { prepare, options }: Advertising): Promise<Mesh> {
  const { network, hub, discovery, host } = await publicNetwork(lab);
  await prepare?.(hub);
  const dual = async (name: string, last: number): Promise<LabNode> => {
    const node = await host(name, last);
    await node.address("eth0", `2001:db8::${last}/64`);
    await node.defaultRoute("2001:db8::9"); // to nobody
    return node;
  };
  const [a, b, client] = [await dual("a", 1), await dual("b", 2), await dual("client", 50)];
  const common = { cluster: newCluster(), services: [discovery.url] };
  const pods: LabNode[] = [];
  for (const [index, node] of [a, b].entries()) {
    const number = index + 1;
    pods.push(await node.pod(number, `fd00:10:244:${number}`));
    await node.namespace.sysctl("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"); // as Kubernetes wants it
    await node.start({ ...common, ...options(number) });
  }
  const [podA = a, podB = b] = pods;
  await Promise.all([a.daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);
  for (const { node } of bothFamilies)
    await waitFor(() => a.reaches(node.b), { what: `an answer of ${node.b} through the mesh` });
  return { internet: network, a, b, podA, podB, client };
}
