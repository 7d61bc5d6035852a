import { Discovery } from "../discovery.ts";
import type { Lab } from "../lab.ts";
import type { LabNode, Network } from "../node.ts";
import { addressOf, type Family, familiesOf, type NodeName, nodeNames, type Variant } from "./plan.ts";

/**
 * The machines and networks of a cluster.
 *
 *   n2 192.168.2.2    n3 192.168.3.2
 *      |                 |
 *   router A .20      router B .30      n1 .10      service .9      client .50
 *      |                 |                |             |               |
 *   ===+=================+================+=============+===============+=== internet 203.0.113.0/24
 *
 * With both families, the internet is 2001:db8::/64, too, and the homes are 2001:db8:2::/64 and 2001:db8:3::/64.
 */
export interface Site {
  readonly internet: Network;
  readonly nodes: Readonly<Record<NodeName, LabNode>>;
  /** A host that is neither in the mesh nor in the cluster. */
  readonly client: LabNode;
  readonly discovery: Discovery;
}

export async function buildSite(lab: Lab, variant: Pick<Variant, "isDual">): Promise<Site> {
  const families = familiesOf(variant);
  const internet = await lab.network("internet");
  const place = { lab, internet, families };
  const hub = await lab.node("service");
  await attach(hub, internet, families, "service");
  const client = await lab.node("client");
  await attach(client, internet, families, "client");
  const n1 = await lab.machine("n1");
  await attach(n1, internet, families, "n1");
  for (const family of families) await n1.defaultRoute(addressOf(family).service);
  if (families.includes(6)) await routeHome(n1);
  const n2 = await homed(place, "n2", "routerA");
  const n3 = await homed(place, "n3", "routerB");
  const discovery = new Discovery(hub, addressOf(4).service);
  await discovery.start();
  return { internet, nodes: { n1, n2, n3 }, client, discovery };
}

/** A node behind a router with NAT, which is the first host of the node's network. */
async function homed(
  { lab, internet, families }: { lab: Lab; internet: Network; families: readonly Family[] },
  name: NodeName,
  at: "routerA" | "routerB",
): Promise<LabNode> {
  const home = await lab.network(`home-${name}`);
  const router = await lab.router(`router-${name}`);
  await attach(router, internet, families, at);
  const gateways = families.map((family) => gatewayOf(addressOf(family)[name]));
  await router.attach(home, ...gateways.map(withLength));
  for (const family of families) await router.defaultRoute(addressOf(family).service);
  await router.translate();
  if (families.includes(6)) await routeHome(router, name);
  const node = await lab.machine(name);
  await attach(node, home, families, name);
  for (const gateway of gateways) await node.defaultRoute(gateway);
  return node;
}

/** The first host of the network of an address, which has its router. */
const gatewayOf = (address: string): string => address.replace(/\d+$/, "1");

const withLength = (address: string): string => `${address}/${address.includes(":") ? 64 : 24}`;

async function attach(
  node: LabNode,
  network: Network,
  families: readonly Family[],
  name: keyof ReturnType<typeof addressOf>,
): Promise<void> {
  await node.attach(network, ...families.map((family) => withLength(addressOf(family)[name])));
}

/** Routes the homes' own networks to their routers, as nobody translates IPv6; `except` is the home behind this machine. */
async function routeHome(machine: LabNode, except?: NodeName): Promise<void> {
  const { n2, n3, routerA, routerB } = addressOf(6);
  const ways = { n2: [n2, routerA], n3: [n3, routerB] } as const;
  for (const name of nodeNames)
    if (name !== "n1" && name !== except) {
      const [home, router] = ways[name];
      await machine.run("ip", "route", "add", home.replace(/2$/, "/64"), "via", router);
    }
}
