import type { Logger } from "pino";
import { errorText, version } from "../base/index.ts";
import type { Config, ServiceConfig } from "../config/index.ts";
import { createServiceRegistry, discoveryServices, type RegistryKind } from "../discovery/effects/index.ts";
import {
  type Affiliate,
  type Announcement,
  type Heard,
  hearAll,
  type Registry,
  type RegistryServer,
  type RegistryState,
  type Told,
} from "../discovery/index.ts";
import { kubernetesNodes } from "../discovery/kubernetes/effects/index.ts";
import type { ToldServices } from "../members/index.ts";
import type { HostPort, Prefix } from "../net/index.ts";
import type { Origin } from "../self/index.ts";
import { Carriage } from "../stream/index.ts";
import { Learnt } from "./learnt.ts";

/** Every kind of registry that there is. */
export const registryKinds: readonly RegistryKind[] = [discoveryServices, kubernetesNodes];

/** All registries of one configuration, seen as one. */
export interface Registries {
  start(onChange: () => void): void;
  publish(announcement: Announcement): void;
  /** The affiliates of other nodes as the registries tell them now. It is not for them to say who is a member. */
  heard(): readonly Heard[];
  /** The affiliates as each registry tells them, for operators. */
  raw(): readonly { readonly registry: string; readonly affiliates: readonly Affiliate[] }[];
  /** The ids of the nodes that the operator let go by deleting their Nodes, as far as the configuration believes that. */
  deletedNodes(): ReadonlySet<string>;
  /** The highest number that any registry told under this node's id. */
  ownNumber(): number;
  states(): readonly RegistryState[];
  /** The carriage for WireGuard's packets over the connections to those that offer it. */
  readonly carriage: Carriage;
  /** The servers of all registries; `undefined` for a registry whose servers are not known yet. */
  servers(): readonly (RegistryServer | undefined)[];
  /** The STUN servers that the registries offer, each once. */
  stunServers(): readonly HostPort[];
  /** The pod networks of this node as the registries told them, or as they did when the daemon last ran. */
  podNetworks(): readonly Prefix[];
  /** The pod networks that were known before, as long as they stand in for what a registry has not told yet. */
  rememberedPodNetworks(): readonly Prefix[];
  /**
   * Whether a node that is not among the members may be taken for gone: every registry has told what it knows, or had
   * long enough to do so. Before that, nothing in the kernel is taken away.
   */
  isSettled(): boolean;
  /**
   * Takes the discovery services of which other nodes tell now: asks them as well, and the former ones no longer. What
   * they say counts as what others say, but nobody waits for it.
   */
  learn(told: ToldServices): void;
  /**
   * Tells all registries that this node leaves, with a farewell for members who cannot be told directly; gives the
   * problems.
   */
  withdraw(farewell?: Affiliate): Promise<string[]>;
  /** Takes the record of another node out of all registries that can do so; gives the problems. */
  takeOut(nodeId: string): Promise<string[]>;
  stop(): Promise<void>;
}

/** The milliseconds that a registry gets to answer after the start, before the others decide alone. */
const patienceMs = 15_000;

interface OpenOptions {
  readonly config: Config;
  readonly nodeId: string;
  /** The origin of this node's announcements, without which no clone can be told from this node. */
  readonly origin?: Origin;
  readonly log: Logger;
  readonly clock: () => number;
  /** The pod networks of this node when the daemon last ran. */
  readonly remembered?: readonly Prefix[] | undefined;
}

/** Opens the registries for which a configuration asks. */
export function openRegistries({ config, nodeId, log, clock, ...options }: OpenOptions): Registries {
  const { origin = { machine: "", startedAt: 0 }, remembered = [] } = options;
  const carriage = new Carriage();
  const wanted = config.relay.service ? { carriage } : {};
  const node = { nodeId, origin, clientVersion: `kubespan/${version}`, log, ...wanted };
  const registries = registryKinds.flatMap((kind) => kind.open(config, node));
  const { cluster, members } = config;
  const open = (service: ServiceConfig): Registry => createServiceRegistry({ service, cluster, ...node });
  return joinRegistries(registries, {
    nodeDeletion: members.nodeDeletion,
    remembered,
    clock,
    carriage,
    open,
    log,
  });
}

interface JoinOptions {
  readonly nodeDeletion: Config["members"]["nodeDeletion"];
  readonly remembered: readonly Prefix[];
  /** A clock in milliseconds that only grow. */
  readonly clock: () => number;
  readonly carriage?: Carriage;
  /** Opens a discovery service of which other nodes tell. */
  readonly open: (service: ServiceConfig) => Registry;
  readonly log: Logger;
}

/** Joins several registries of whatever kinds into one. */
export function joinRegistries(named: readonly Registry[], options: JoinOptions): Registries {
  const { nodeDeletion, remembered, clock, carriage = new Carriage() } = options;
  const learnt = new Learnt(options.open, options.log);
  const answered = new Set<Registry>();
  let startedAt = clock();
  const all = (): Registry[] => [...named, ...learnt.registries];
  const told = (): Told[] => all().map((registry) => registry.told());
  const toldByNamed = (): Told[] => named.map((registry) => registry.told());
  return {
    start: (onChange) => {
      startedAt = clock();
      learnt.start(onChange);
      for (const registry of named)
        registry.start(() => {
          if (registry.state().phase === "connected") answered.add(registry);
          onChange();
        });
    },
    publish: (announcement) => {
      learnt.publish(announcement);
      for (const registry of named) registry.publish(announcement);
    },
    heard: () => hearAll(told()),
    raw: () =>
      all().map((registry) => ({
        registry: registry.state().name,
        affiliates: registry.told().affiliates,
      })),
    deletedNodes: () => {
      const statements = told();
      const isBelieved =
        nodeDeletion === "believe" ||
        (nodeDeletion === "auto" && !statements.some(({ isSealed }) => isSealed));
      return new Set(isBelieved ? statements.flatMap(({ deletedNodes }) => [...deletedNodes]) : []);
    },
    ownNumber: () => Math.max(0, ...told().map(({ ownNumber }) => ownNumber)),
    carriage,
    states: () => all().map((registry) => registry.state()),
    // Never those of services of which only other nodes tell: no way outside the mesh is opened for them, and what they
    // say of this node's port counts for nothing.
    servers: () =>
      toldByNamed().flatMap(({ servers }): readonly (RegistryServer | undefined)[] => servers ?? [undefined]),
    stunServers: () => toldByNamed().flatMap(({ stun }) => stun ?? []),
    podNetworks: () => told().flatMap(({ podNetworks }) => podNetworks ?? remembered),
    rememberedPodNetworks: () =>
      told().some(({ podNetworks }) => podNetworks === undefined) ? remembered : [],
    isSettled: () =>
      answered.size === named.length || (answered.size > 0 && clock() - startedAt >= patienceMs),
    learn: (toldServices) => learnt.learn(toldServices),
    withdraw: (farewell) => problemsOf(all().map((registry) => registry.withdraw(farewell))),
    takeOut: (nodeId) => problemsOf(all().map((registry) => registry.takeOut?.(nodeId) ?? Promise.resolve())),
    stop: async () => {
      await Promise.all(all().map((registry) => registry.stop()));
      learnt.stopped();
    },
  };
}

/** The reasons why some of these failed, when all have ended. */
async function problemsOf(works: readonly Promise<void>[]): Promise<string[]> {
  const results = await Promise.allSettled(works);
  return results.flatMap((result) => (result.status === "rejected" ? [errorText(result.reason)] : []));
}
