import type { Logger } from "pino";
import type { Config } from "../config/index.ts";
import type { Affiliate } from "../discovery/affiliate.ts";
import { createServiceRegistry } from "../discovery/effects/service-registry.ts";
import { mergeAffiliates } from "../discovery/index.ts";
import type { Announcement, Registry, RegistryState } from "../discovery/registry.ts";
import { errorText } from "../system/error.ts";
import { version } from "../system/version.ts";

/** All registries of one configuration, seen as one. */
export interface Registries {
  start(onChange: () => void): void;
  publish(announcement: Announcement): void;
  affiliates(): readonly Affiliate[];
  states(): readonly RegistryState[];
  /**
   * Whether what is not among the affiliates may be taken for gone: every registry has told what it knows, or those
   * that did not had long enough. Before that, nothing in the kernel is taken away.
   */
  isSettled(): boolean;
  /** Tells all that this node leaves; gives what went wrong. */
  withdraw(): Promise<string[]>;
  stop(): Promise<void>;
}

/** What a registry gets to answer after the start before the others decide alone, in milliseconds. */
const patience = 15_000;

export function openRegistries(config: Config, nodeId: string, log: Logger, clock: () => number): Registries {
  const registries: readonly Registry[] = config.services.map((service) =>
    createServiceRegistry({
      service,
      cluster: config.cluster,
      nodeId,
      clientVersion: `kubespan/${version}`,
      log,
    }),
  );
  const answered = new Set<Registry>();
  let startedAt = clock();
  const states = (): RegistryState[] => registries.map((registry) => registry.state());
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
    affiliates: () => mergeAffiliates(registries.map((registry) => registry.affiliates())),
    states,
    isSettled: () =>
      answered.size === registries.length || (answered.size > 0 && clock() - startedAt >= patience),
    withdraw: async () => {
      const results = await Promise.allSettled(registries.map((registry) => registry.withdraw()));
      return results.flatMap((result) => (result.status === "rejected" ? [errorText(result.reason)] : []));
    },
    stop: async () => {
      await Promise.all(registries.map((registry) => registry.stop()));
    },
  };
}
