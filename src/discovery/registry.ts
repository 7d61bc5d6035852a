import type { Endpoint } from "../net/index.ts";
import type { Affiliate } from "./affiliate.ts";
import type { RegistryState } from "./registry-state.ts";
import type { Told } from "./told.ts";

/** The announcement of this node to the others. */
export interface Announcement {
  readonly own: Affiliate;
  /** The observed endpoints of other nodes that these do not announce themselves (harvest), by node id. */
  readonly observed: ReadonlyMap<string, readonly Endpoint[]>;
}

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
  /**
   * Takes another node's record out, which its node would put in again if it were there. Absent where only that node, or
   * Kubernetes, does so. Throws as `withdraw` does.
   */
  takeOut?(nodeId: string): Promise<void>;
  /** Ends connections and timers, and announces nothing. */
  stop(): Promise<void>;
}
