import type { Address, Endpoint, Prefix } from "../net/index.ts";
import type { Affiliate } from "./affiliate.ts";
import type { Disowned } from "./own-record.ts";
import type { RegistryState } from "./registry-state.ts";

/** The announcement of this node to the others. */
export interface Announcement {
  readonly own: Affiliate;
  /** The observed endpoints of other nodes that these do not announce themselves (harvest), by node id. */
  readonly observed: ReadonlyMap<string, readonly Endpoint[]>;
}

/** An affiliate that arrived and was not believed. Both texts are printable. */
export interface RefusedAffiliate {
  readonly nodeId: string;
  readonly reason: string;
  /** Set if only the item that the reason names was left out, and the affiliate itself is used. */
  readonly partly?: true;
}

/** The statements of a registry, with the same fields for every kind. */
export interface Told {
  /**
   * Tells whether the statements are sealed with the cluster secret, so that only a holder of the secret can have made
   * them.
   */
  readonly isSealed: boolean;
  /** The other nodes, as last told, without this node. They are the same objects as long as they say the same. */
  readonly affiliates: readonly Affiliate[];
  readonly refused: readonly RefusedAffiliate[];
  /**
   * The ids of nodes that were removed from the cluster on purpose since the registry was opened, and not of those that
   * it merely lost.
   */
  readonly deletedNodes: ReadonlySet<string>;
  /**
   * The ids of nodes whose affiliates are still there although the registry itself hears nothing of their machines. Such
   * an affiliate is a memory, and names nobody.
   */
  readonly awayNodes: ReadonlySet<string>;
  /** The highest number that anybody used under this node's id. The next announcement needs a higher one. */
  readonly ownNumber: number;
  /** The pod networks of this node; `undefined` as long as the registry may know some and has not told them. */
  readonly podNetworks: readonly Prefix[] | undefined;
  /** The address at which the registry sees this node. */
  readonly reflected: Address | undefined;
  /** The address at which the registry was last reached: one that its name led to, or a redirect. */
  readonly reachedAt: Address | undefined;
  /**
   * The foreign statements under this node's id, which mean that somebody tampers, or that a copy of this node runs.
   */
  readonly disowned: Disowned | undefined;
}

/** The statements of a registry that knows nothing. Each kind replaces the fields that it can tell. */
export const nothingTold: Omit<Told, "isSealed"> = {
  affiliates: [],
  refused: [],
  deletedNodes: new Set(),
  awayNodes: new Set(),
  ownNumber: 0,
  podNetworks: [],
  reflected: undefined,
  reachedAt: undefined,
  disowned: undefined,
};

/**
 * One source of affiliates, of any kind. Its statements stay readable while it is unreachable, so that losing a
 * registry loses no peer.
 */
export interface Registry {
  /** Begins to connect. `onChange` is called (never synchronously) whenever `told` or `state` changed. */
  start(onChange: () => void): void;
  /** Replaces the announcement. It is sent now if it differs, again when it is due, and after every reconnect. */
  publish(announcement: Announcement): void;
  told(): Told;
  state(): RegistryState;
  /**
   * Tells the registry that this node leaves the mesh. A farewell is left there for a while, for nodes that could not
   * be told otherwise. The registry stops first, so that no announcement can overtake it; `publish` and `start` begin
   * anew. Throws `KubespanError("discovery")` if the registry cannot be told.
   */
  withdraw(farewell?: Affiliate): Promise<void>;
  /** Ends connections and timers, and announces nothing. */
  stop(): Promise<void>;
}
