import type { Address, Endpoint, Prefix } from "../net/index.ts";
import type { Affiliate } from "./affiliate.ts";
import type { Disowned } from "./own-record.ts";
import type { RegistryState } from "./registry-state.ts";

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

/** What a registry tells: the same fields, whatever its kind. */
export interface Told {
  /** Whether it is sealed with the cluster secret, so that only who has that can have said it. */
  readonly isSealed: boolean;
  /** Other nodes, as last heard; never this node. The same objects as long as they say the same. */
  readonly affiliates: readonly Affiliate[];
  readonly refused: readonly RefusedAffiliate[];
  /** Ids of nodes that were taken out of the cluster on purpose, since the registry was opened; not who it merely lost. */
  readonly deletedNodes: ReadonlySet<string>;
  /** The highest number under this node's id, by whomever: what this node says next has to be higher. */
  readonly ownNumber: number;
  /** The pod networks that this node has; `undefined` as long as the registry may know some and has not told them. */
  readonly podNetworks: readonly Prefix[] | undefined;
  /** The address that the registry sees us at. */
  readonly reflected: Address | undefined;
  /** The address that it was last reached at: one of those that its name led to, or a redirect. */
  readonly reachedAt: Address | undefined;
  /** What else stands under this node's id: somebody tampers, or a copy of this node runs. */
  readonly disowned: Disowned | undefined;
}

/** Of a registry that knows nothing: each kind says more where it can. */
export const nothingTold: Omit<Told, "isSealed"> = {
  affiliates: [],
  refused: [],
  deletedNodes: new Set(),
  ownNumber: 0,
  podNetworks: [],
  reflected: undefined,
  reachedAt: undefined,
  disowned: undefined,
};

/**
 * One source of affiliates. All of them, whatever stands behind, are used through this: what it told stays readable
 * while it is unreachable, so that losing a registry loses no peer.
 */
export interface Registry {
  /** Begins to connect; `onChange` is called (never synchronously) whenever `told` or `state` changed. */
  start(onChange: () => void): void;
  /** Replaces what is announced; sent now if it differs, again when due, and after every reconnect. */
  publish(announcement: Announcement): void;
  told(): Told;
  state(): RegistryState;
  /**
   * Tells the registry that this node leaves the mesh; with a farewell, leaves that there for a while, for those who
   * could not be told otherwise. Stops first, so that no announcement can overtake it; `publish` and `start` begin anew.
   * Throws `KubespanError("discovery")` if it cannot be told.
   */
  withdraw(farewell?: Affiliate): Promise<void>;
  /** Ends connections and timers; announces nothing. */
  stop(): Promise<void>;
}
