import { Discovery } from "../discovery.ts";
import type { Lab } from "../lab.ts";
import type { LabNode, Network } from "../node.ts";
import { address, type NodeName } from "./plan.ts";

/**
 * The machines and networks of a cluster.
 *
 *   n2 192.168.2.2    n3 192.168.3.2
 *      |                 |
 *   router A .20      router B .30      n1 .10      service .9      client .50
 *      |                 |                |             |               |
 *   ===+=================+================+=============+===============+=== internet 203.0.113.0/24
 */
export interface Site {
  readonly internet: Network;
  readonly nodes: Readonly<Record<NodeName, LabNode>>;
  /** A host that is neither in the mesh nor in the cluster. */
  readonly client: LabNode;
  readonly discovery: Discovery;
}

export async function buildSite(lab: Lab): Promise<Site> {
  const internet = await lab.network("internet");
  const hub = await lab.node("service");
  await hub.attach(internet, `${address.service}/24`);
  const client = await lab.node("client");
  await client.attach(internet, `${address.client}/24`);
  const n1 = await lab.machine("n1");
  await n1.attach(internet, `${address.n1}/24`);
  await n1.defaultRoute(address.service);
  const n2 = await homed(lab, internet, "n2", address.n2, address.routerA);
  const n3 = await homed(lab, internet, "n3", address.n3, address.routerB);
  const discovery = new Discovery(hub, address.service);
  await discovery.start();
  return { internet, nodes: { n1, n2, n3 }, client, discovery };
}

/** A node behind a router with NAT, which is the first host of the node's network. */
async function homed(
  lab: Lab,
  internet: Network,
  name: NodeName,
  own: string,
  outside: string,
): Promise<LabNode> {
  const gateway = own.replace(/\d+$/, "1");
  const home = await lab.network(`home-${name}`);
  const router = await lab.router(`router-${name}`);
  await router.attach(internet, `${outside}/24`);
  await router.attach(home, `${gateway}/24`);
  await router.defaultRoute(address.service);
  await router.translate();
  const node = await lab.machine(name);
  await node.attach(home, `${own}/24`);
  await node.defaultRoute(gateway);
  return node;
}
