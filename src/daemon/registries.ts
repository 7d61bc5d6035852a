import { hostname } from "node:os";
import type { Logger } from "pino";
import { errorText, version } from "../base/index.ts";
import type { Config } from "../config/index.ts";
import { createServiceRegistry } from "../discovery/effects/index.ts";
import type { Affiliate, Announcement, Registry, RegistryState } from "../discovery/index.ts";
import { type Heard, hearAll } from "../discovery/index.ts";
import { createKubernetesRegistry } from "../discovery/kubernetes/effects/index.ts";
import type { Prefix } from "../net/index.ts";
import type { Origin } from "../self/index.ts";

/** All registries of one configuration, seen as one. */
export interface Registries {
  start(onChange: () => void): void;
  publish(announcement: Announcement): void;
  /** What they say of other nodes now; who is a member is not theirs to say. */
  heard(): readonly Heard[];
  /** Ids of nodes that the operator let go by deleting their Nodes, as far as the configuration believes that. */
  deletedNodes(): ReadonlySet<string>;
  /** The highest number that any of them told under this node's id. */
  ownNumber(): number;
  states(): readonly RegistryState[];
  /** This node's, as Kubernetes told them, or as it did when the daemon last ran. */
  podNetworks(): readonly Prefix[];
  /** Whether pod networks that were known before still stand in for what Kubernetes has not said yet. */
  remembersPodNetworks(): boolean;
  /**
   * Whether what is not among the members may be taken for gone: every registry has told what it knows, or those that
   * did not had long enough. Before that, nothing in the kernel is taken away.
   */
  isSettled(): boolean;
  /** Tells all that this node leaves, with a farewell for those who cannot be told directly; gives what went wrong. */
  withdraw(farewell?: Affiliate): Promise<string[]>;
  stop(): Promise<void>;
}

/** What a registry gets to answer after the start before the others decide alone, in milliseconds. */
const patience = 15_000;

/** `before` are this node's pod networks when the daemon last ran. */
export function openRegistries(
  config: Config,
  nodeId: string,
  log: Logger,
  clock: () => number,
  before: readonly Prefix[] = [],
  origin?: Origin,
): Registries {
  const services: readonly Registry[] = config.services.map((service) =>
    createServiceRegistry({
      service,
      cluster: config.cluster,
      nodeId,
      ...(origin && { origin }),
      clientVersion: `kubespan/${version}`,
      log,
    }),
  );
  const { kubernetes, node } = config;
  const nodeName = node.name ?? hostname().toLowerCase();
  const nodes = kubernetes && createKubernetesRegistry({ kubernetes, nodeId, nodeName, log });
  const registries = nodes ? [...services, nodes] : services;
  const { nodeDeletion } = config.members;
  const believesDeletion = nodeDeletion === "believe" || (nodeDeletion === "auto" && services.length === 0);
  const answered = new Set<Registry>();
  let startedAt = clock();
  /** As Kubernetes said when the daemon last ran, until it says so itself: pods stay reachable meanwhile. */
  const remembered = (): readonly Prefix[] => (nodes && !answered.has(nodes) ? before : []);
  const podNetworks = (): readonly Prefix[] => [...(nodes?.state().podNetworks ?? []), ...remembered()];
  return {
    start: (onChange) => {
      startedAt = clock();
      for (const registry of registries)
        registry.start(() => {
          if (registry.state().phase === "connected") answered.add(registry);
          onChange();
        });
    },
    publish: (announcement) => {
      for (const registry of registries) registry.publish(announcement);
    },
    heard: () =>
      hearAll(
        registries.map((registry) => ({ isSealed: registry.isSealed, affiliates: registry.affiliates() })),
      ),
    deletedNodes: () =>
      believesDeletion
        ? new Set(registries.flatMap((registry) => [...registry.deletedNodes()]))
        : new Set<string>(),
    podNetworks,
    remembersPodNetworks: () => remembered().length > 0,
    ownNumber: () => Math.max(0, ...registries.map((registry) => registry.ownNumber())),
    states: () => registries.map((registry) => registry.state()),
    isSettled: () =>
      answered.size === registries.length || (answered.size > 0 && clock() - startedAt >= patience),
    withdraw: async (farewell) => {
      const results = await Promise.allSettled(registries.map((registry) => registry.withdraw(farewell)));
      return results.flatMap((result) => (result.status === "rejected" ? [errorText(result.reason)] : []));
    },
    stop: async () => {
      await Promise.all(registries.map((registry) => registry.stop()));
    },
  };
}
