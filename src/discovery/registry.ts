import type { Address, Endpoint, Prefix } from "../net/index.ts";
import type { Affiliate } from "./affiliate.ts";
import type { Disowned } from "./own-record.ts";

/** What this node tells the others. */
export interface Announcement {
  readonly own: Affiliate;
  /** By node id: endpoints at which we see other nodes and which they do not announce themselves (harvest). */
  readonly observed: ReadonlyMap<string, readonly Endpoint[]>;
}

/** An affiliate that came in and was not believed. Both texts are printable. */
export interface RefusedAffiliate {
  readonly nodeId: string;
  readonly reason: string;
  /** Only the item that the reason names was left out; the affiliate itself is in use. */
  readonly partly?: true;
}

/** How a registry does, for `kubespan status`. */
export interface RegistryState {
  readonly name: string;
  /** Where it is: a URL. */
  readonly location: string;
  /**
   * - `connecting`: no answer yet, or the connection was lost and is being made again
   * - `connected`: the snapshot arrived and changes are being watched
   * - `stopped`: not started, or told to stop
   * - `cached`: no registry, but what was known when the daemon last ran; in use until the registries have answered
   */
  readonly phase: "connecting" | "connected" | "stopped" | "cached";
  /** Of what is cached: how long ago it was what the registries said. */
  readonly ageSeconds?: number;
  /** The last failure in words, kept until the next success. */
  readonly error?: string;
  /** The address that the registry sees us at. */
  readonly reflected?: Address;
  /** The address that it was last reached at: one of those that its name led to, or a redirect. */
  readonly reachedAt?: Address;
  /** What else it told under this node's id: somebody tampers, or a copy of this node runs. */
  readonly disowned?: Disowned;
  /** Of Kubernetes: the pod networks that it gave this node. */
  readonly podNetworks?: readonly Prefix[];
  readonly affiliates: number;
  readonly refused: readonly RefusedAffiliate[];
}

/**
 * One source of affiliates. All of them, whatever stands behind, are used through this: what it knows stays readable
 * while it is unreachable, so that losing a registry loses no peer.
 */
export interface Registry {
  /** Whether what it tells is sealed with the cluster secret, so that only who has that can have said it. */
  readonly isSealed: boolean;
  /** Begins to connect; `onChange` is called (never synchronously) whenever `affiliates` or `state` changed. */
  start(onChange: () => void): void;
  /** Replaces what is announced; sent now if it differs, again when due, and after every reconnect. */
  publish(announcement: Announcement): void;
  /** Other nodes, as last heard; never this node. */
  affiliates(): readonly Affiliate[];
  /** Ids of nodes that it says were taken out of the cluster on purpose, since it was started; not who it merely lost. */
  deletedNodes(): ReadonlySet<string>;
  /** The highest number that it told under this node's id, by whomever: what this node says next has to be higher. */
  ownNumber(): number;
  state(): RegistryState;
  /**
   * Tells the registry that this node leaves the mesh; with a farewell, leaves that there for a while, for those who
   * could not be told otherwise. Throws `KubespanError("discovery")` if it cannot be told.
   */
  withdraw(farewell?: Affiliate): Promise<void>;
  /** Ends connections and timers; announces nothing. */
  stop(): Promise<void>;
}
