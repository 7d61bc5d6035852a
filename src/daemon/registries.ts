import { hostname } from "node:os";
import type { Logger } from "pino";
import type { Config } from "../config/index.ts";
import type { Affiliate } from "../discovery/affiliate.ts";
import type { AffiliateCache } from "../discovery/cache/effects/affiliate-cache.ts";
import { createServiceRegistry } from "../discovery/effects/service-registry.ts";
import { cachedInUse, mergeAffiliates } from "../discovery/index.ts";
import { createKubernetesRegistry } from "../discovery/kubernetes/effects/kubernetes-registry.ts";
import type { Announcement, Registry, RegistryState } from "../discovery/registry.ts";
import type { Prefix } from "../net/index.ts";
import { errorText } from "../system/error.ts";
import { version } from "../system/version.ts";

/** All registries of one configuration, seen as one. */
export interface Registries {
  start(onChange: () => void): void;
  publish(announcement: Announcement): void;
  affiliates(): readonly Affiliate[];
  states(): readonly RegistryState[];
  /** This node's, as Kubernetes told them, or as it did when the daemon last ran. */
  podNetworks(): readonly Prefix[];
  /**
   * Whether what is not among the affiliates may be taken for gone: every registry has told what it knows, or those
   * that did not had long enough. Before that, nothing in the kernel is taken away. What the cache says settles nothing.
   */
  isSettled(): boolean;
  /** Tells all that this node leaves, and forgets the cache; gives what went wrong. */
  withdraw(): Promise<string[]>;
  stop(): Promise<void>;
}

/** What a registry gets to answer after the start before the others decide alone, in milliseconds. */
const patience = 15_000;

/** Without a cache nothing is known until a registry answers; with one that is not `kept` it is only read. */
export function openRegistries(
  config: Config,
  nodeId: string,
  log: Logger,
  clock: () => number,
  cache?: { readonly affiliates: AffiliateCache; readonly isKept: boolean },
): Registries {
  const services: readonly Registry[] = config.services.map((service) =>
    createServiceRegistry({
      service,
      cluster: config.cluster,
      nodeId,
      clientVersion: `kubespan/${version}`,
      log,
    }),
  );
  const { kubernetes, node } = config;
  const nodeName = node.name ?? hostname().toLowerCase();
  const nodes = kubernetes && createKubernetesRegistry({ kubernetes, nodeId, nodeName, log });
  const registries = nodes ? [...services, nodes] : services;
  const answered = new Set<Registry>();
  let startedAt = clock();
  const heard = (): readonly Affiliate[] =>
    mergeAffiliates(registries.map((registry) => registry.affiliates()));
  const cached = (among: readonly Affiliate[]): readonly Affiliate[] =>
    cachedInUse(cache?.affiliates.found?.affiliates ?? [], among, {
      answered: answered.size,
      registries: registries.length,
      sinceStart: clock() - startedAt,
    });
  const affiliates = (): readonly Affiliate[] => {
    const among = heard();
    return [...among, ...cached(among)];
  };
  /** As Kubernetes said when the daemon last ran, until it says so itself: pods stay reachable meanwhile. */
  const cachedPodNetworks = (): readonly Prefix[] =>
    nodes && !answered.has(nodes) ? (cache?.affiliates.found?.podNetworks ?? []) : [];
  const podNetworks = (): readonly Prefix[] => [
    ...(nodes?.state().podNetworks ?? []),
    ...cachedPodNetworks(),
  ];
  return {
    start: (onChange) => {
      startedAt = clock();
      for (const registry of registries)
        registry.start(() => {
          if (registry.state().phase === "connected") answered.add(registry);
          if (cache?.isKept && answered.size > 0) cache.affiliates.changed(affiliates, podNetworks);
          onChange();
        });
    },
    publish: (announcement) => {
      for (const registry of registries) registry.publish(announcement);
    },
    affiliates,
    podNetworks,
    states: () => [
      ...registries.map((registry) => registry.state()),
      ...cacheState(cache?.affiliates, cached(heard()).length, cachedPodNetworks(), clock()),
    ],
    isSettled: () =>
      answered.size === registries.length || (answered.size > 0 && clock() - startedAt >= patience),
    withdraw: async () => {
      const results = await Promise.allSettled(registries.map((registry) => registry.withdraw()));
      await cache?.affiliates.forget();
      return results.flatMap((result) => (result.status === "rejected" ? [errorText(result.reason)] : []));
    },
    stop: async () => {
      await cache?.affiliates.close();
      await Promise.all(registries.map((registry) => registry.stop()));
    },
  };
}

/** Shown as one more registry as long as something of it is in use. */
function cacheState(
  cache: AffiliateCache | undefined,
  affiliates: number,
  podNetworks: readonly Prefix[],
  now: number,
): RegistryState[] {
  if (!cache?.found || (affiliates === 0 && podNetworks.length === 0)) return [];
  const ageSeconds = Math.max(0, Math.round((now - cache.found.savedAt) / 1000));
  return [
    {
      name: "cache",
      location: cache.file,
      phase: "cached",
      ageSeconds,
      affiliates,
      refused: [],
      podNetworks,
    },
  ];
}
