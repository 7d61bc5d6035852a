import { Discovery, type DiscoveryOptions } from "./discovery.ts";
import type { Lab } from "./lab.ts";
import type { LabNode, Network } from "./node.ts";

/**
 * Hosts that all reach each other. Their default route leads to the host of the discovery service, and nothing uses it.
 */
export interface PublicNetwork {
  readonly network: Network;
  /** The host at 203.0.113.9. */
  readonly hub: LabNode;
  /** The discovery service on that host, which is listening. */
  readonly discovery: Discovery;
  /** Adds a host with the address 203.0.113.LAST. */
  readonly host: (name: string, last: number) => Promise<LabNode>;
}

/** A network called `internet` with a discovery service on it. */
export async function publicNetwork(lab: Lab, options?: DiscoveryOptions): Promise<PublicNetwork> {
  const network = await lab.network("internet");
  const attach = async (name: string, last: number): Promise<LabNode> => {
    const node = await lab.node(name);
    await node.attach(network, `203.0.113.${last}/24`);
    return node;
  };
  const hub = await attach("service", 9);
  const discovery = new Discovery(hub, "203.0.113.9", options);
  await discovery.start();
  const host = async (name: string, last: number): Promise<LabNode> => {
    const node = await attach(name, last);
    await node.defaultRoute("203.0.113.9");
    return node;
  };
  return { network, hub, discovery, host };
}
