import { pino } from "pino";
import { onTestFinished } from "vitest";
import { noProxies, type Proxies } from "../../src/config/proxy.ts";
import type { Affiliate, Registry } from "../../src/discovery/index.ts";
import { createKubernetesRegistry } from "../../src/discovery/kubernetes/effects/kubernetes-registry.ts";
import { affiliateNamed, idOf } from "../unit/discovery/samples.ts";

export const ownOf = (name: string): Affiliate => ({
  ...affiliateNamed(`id-${name}`, "192.0.2.1:51820"),
  nodeName: name,
});

/** A registry as the daemon uses it: what it says is published again with every change. */
export function registryOf(
  name: string,
  kubeconfig: string,
  own: () => Affiliate = () => ownOf(name),
  proxies: Proxies = noProxies,
): Registry {
  const log = pino({ level: "silent" });
  const registry = createKubernetesRegistry({
    kubernetes: { kubeconfig, proxies },
    nodeId: idOf(`id-${name}`),
    nodeName: name,
    log,
  });
  onTestFinished(() => registry.stop());
  registry.start(() => registry.publish({ own: own(), observed: new Map() }));
  return registry;
}

export const endpointsOf = (registry: Registry, id: string): readonly string[] =>
  registry.told().affiliates.find(({ nodeId }) => nodeId === idOf(id))?.kubespan?.endpoints ?? [];

export const annotationsOfOne = {
  "cluster.talos.dev/node-id": idOf("id-one"),
  "networking.talos.dev/self-ips": "10.0.0.1,2001:db8::1",
  "networking.talos.dev/api-server-port": "6443",
  "networking.talos.dev/kubespan-ip": "fd7f:175a:b97c:5602:2c1a:b6ff:fe53:8169",
  "networking.talos.dev/kubespan-public-key": "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=",
  "networking.talos.dev/assigned-prefixes": "10.244.1.0/24",
  "networking.talos.dev/kubespan-endpoints": "192.0.2.1:51820",
  "networking.talos.dev/kubespan-exclude-advertised-networks": "192.168.1.0/24",
};

export const annotationsOf = (id: string, at: string): Record<string, string> => ({
  ...annotationsOfOne,
  "cluster.talos.dev/node-id": idOf(id),
  "networking.talos.dev/kubespan-endpoints": at,
});

export const sampleOf = () => {
  const { kubespan } = affiliateNamed("any");
  if (!kubespan) throw new Error("no sample");
  return kubespan;
};
