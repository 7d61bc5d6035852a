import {
  type Cluster,
  type ConfigOptions,
  Lab,
  type LabNode,
  newCluster,
  publicNetwork,
} from "../../lab/index.ts";

/**
 * Three nodes that are connected, of which `a` and `b` have pod networks.
 *
 *     a 203.0.113.1    b 203.0.113.2    c 203.0.113.3    service 203.0.113.9
 *        |                |                |                |
 *     ===+================+================+================+=== internet
 */
export interface World {
  readonly a: LabNode;
  readonly b: LabNode;
  readonly c: LabNode;
  readonly cluster: Cluster;
  readonly options: ConfigOptions;
  readonly close: () => Promise<void>;
}

/** The password of a proxy that is used for no server. It is there to be found where it should not be. */
export const proxyPassword = "c4nary-of-the-proxy";

/** Opens it; `common` are settings of all daemons. */
export async function openWorld(common: Record<string, unknown> = {}): Promise<World> {
  const lab = await Lab.open();
  const { discovery, host } = await publicNetwork(lab);
  const [a, b, c] = [await host("a", 1), await host("b", 2), await host("c", 3)];
  const cluster = newCluster();
  const options: ConfigOptions = { cluster, services: [discovery.url], daemon: common };
  const proxy = { url: `http://someone:${proxyPassword}@127.0.0.1:9`, except: ["*"] };
  await a.start({ ...options, daemon: { ...common, proxy, advertisedPrefixes: ["10.244.1.0/24"] } });
  await b.start({ ...options, daemon: { ...common, advertisedPrefixes: ["10.244.2.0/24"] } });
  await c.start(options);
  await a.daemon.waitForPeers("b", "c");
  return { a, b, c, cluster, options, close: async () => lab.close() };
}
