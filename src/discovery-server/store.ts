import type { Envelope } from "../discovery/index.ts";
import type { Change } from "./cluster-state.ts";
import type { Refusal } from "./refusal.ts";
import type { AffiliateUpdate } from "./requests.ts";

/** The size of a store at the moment. */
export interface StoreSize {
  readonly clusters: number;
  readonly affiliates: number;
  /** The approximate memory in bytes. */
  readonly bytes: number;
}

/** A change with the cluster whose watchers are to be told. */
export interface ClusterChange {
  readonly clusterId: string;
  readonly change: Change;
}

/**
 * Takes every change in order, including those that are read at the start. A change by this service is reported before
 * the call that made it resolves.
 */
export type OnChange = (change: ClusterChange) => void;

/**
 * The affiliates of all clusters, behind one or several services. Reads are immediate and come from memory. A write
 * resolves when the change can be read here and is as durable as the store promises.
 */
export interface Store {
  /** The affiliates of a cluster. The array and its objects stay the same until something changes. */
  snapshot(clusterId: string): readonly Envelope[];
  /** The additional memory, in bytes, that the update would take, or the refusal that no amount of room would avert. */
  weigh(clusterId: string, update: AffiliateUpdate): number | Refusal;
  /**
   * Applies an update. Throws `KubespanError("discovery")` when the store behind cannot be reached; whether anything
   * was written is then unknown.
   */
  update(clusterId: string, update: AffiliateUpdate): Promise<Refusal | undefined>;
  /** Deletes an affiliate. Throws like `update`. */
  delete(clusterId: string, affiliateId: string): Promise<void>;
  size(): StoreSize;
  /** Tells whether reads are up to date and writes can be expected to work. */
  isReady(): boolean;
  /** Writes what has to be kept, and ends. */
  close(): Promise<void>;
}
