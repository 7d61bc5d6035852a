import type { Envelope } from "../discovery/index.ts";
import type { Change } from "./cluster-state.ts";
import type { Refusal } from "./refusal.ts";
import type { AffiliateUpdate } from "./requests.ts";

/** What a store holds at the moment. */
export interface StoreSize {
  readonly clusters: number;
  readonly affiliates: number;
  /** Roughly, in memory. */
  readonly bytes: number;
}

/** A change and the cluster whose watchers are to hear of it. */
export interface ClusterChange {
  readonly clusterId: string;
  readonly change: Change;
}

/** Hears of every change, what is read at the start included, in order; of one that this service made, before the call that made it resolves. */
export type OnChange = (change: ClusterChange) => void;

/**
 * The affiliates of all clusters, behind one or several services. Reading is at once and from memory; writing resolves
 * when the change would survive what the store promises to survive, and can be read here.
 */
export interface Store {
  /** The same array, of the same objects, until something changes. */
  snapshot(clusterId: string): readonly Envelope[];
  /** How much more memory the update would take, or why no room would make it fit. */
  weigh(clusterId: string, update: AffiliateUpdate): number | Refusal;
  /** Throws `KubespanError("discovery")` when the store behind cannot be reached: nothing is known to be written then. */
  update(clusterId: string, update: AffiliateUpdate): Promise<Refusal | undefined>;
  /** Throws like `update`. */
  delete(clusterId: string, affiliateId: string): Promise<void>;
  size(): StoreSize;
  /** Whether what is read is up to date and writing can be expected to work. */
  isReady(): boolean;
  /** Writes down what is to be kept, and ends. */
  close(): Promise<void>;
}
