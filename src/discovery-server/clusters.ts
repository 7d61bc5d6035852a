import type { Envelope } from "../discovery/index.ts";
import { type Change, ClusterState } from "./cluster-state.ts";
import type { AffiliateRecord, ClusterRecord } from "./record.ts";
import { exhausted, type Refusal } from "./refusal.ts";
import type { AffiliateUpdate } from "./requests.ts";
import type { ClusterChange, StoreSize } from "./store.ts";

export interface Capacity {
  readonly clusters: number;
  /** The approximate memory of all clusters, in bytes. */
  readonly bytes: number;
}

const none: readonly Envelope[] = [];

/** All clusters of one service. A cluster exists as long as it has an affiliate. */
export class Clusters {
  readonly #capacity: Capacity;
  readonly #byId = new Map<string, ClusterState>();
  #bytes = 0;
  #nextExpiry = Number.POSITIVE_INFINITY;

  constructor(capacity: Capacity) {
    this.#capacity = capacity;
  }

  /** The time before which nothing expires; infinite when there is nothing. */
  get nextExpiry(): number {
    return this.#nextExpiry;
  }

  size(): StoreSize {
    const affiliates = [...this.#byId.values()].reduce((sum, cluster) => sum + cluster.size, 0);
    return { clusters: this.#byId.size, affiliates, bytes: this.#bytes };
  }

  snapshot(clusterId: string): readonly Envelope[] {
    return this.#byId.get(clusterId)?.snapshot() ?? none;
  }

  /** The additional memory, in bytes, that the update would take, or the refusal that no amount of room would avert. */
  weigh(clusterId: string, update: AffiliateUpdate): number | Refusal {
    const cluster = this.#byId.get(clusterId) ?? new ClusterState();
    return cluster.refusal(update, Number.POSITIVE_INFINITY) ?? cluster.growth(update);
  }

  update(clusterId: string, update: AffiliateUpdate, now: number): Change | Refusal | undefined {
    const full = this.#fullFor(clusterId);
    if (full) return full;
    return this.#changed(clusterId, (cluster) => cluster.update(update, now, this.#room));
  }

  /** The reason why `update` would refuse. */
  refusal(clusterId: string, update: AffiliateUpdate): Refusal | undefined {
    const cluster = this.#byId.get(clusterId) ?? new ClusterState();
    return this.#fullFor(clusterId) ?? cluster.refusal(update, this.#room);
  }

  record(clusterId: string, affiliateId: string, now: number): AffiliateRecord | undefined {
    return this.#byId.get(clusterId)?.record(affiliateId, now);
  }

  records(now: number): ClusterRecord[] {
    return [...this.#byId].flatMap(([clusterId, cluster]) =>
      cluster.records(now).map((record) => ({ clusterId, record })),
    );
  }

  /** Stores a record like `ClusterState.put`, and refuses one that would exceed the capacity. */
  put({ clusterId, record }: ClusterRecord, now: number): Change | Refusal | undefined {
    const full = this.#fullFor(clusterId);
    if (full || this.#room <= 0) return full ?? exhausted("this service is full");
    return this.#changed(clusterId, (cluster) => cluster.put(record, now));
  }

  #fullFor(clusterId: string): Refusal | undefined {
    const isFull = !this.#byId.has(clusterId) && this.#byId.size >= this.#capacity.clusters;
    return isFull ? exhausted("this service is full") : undefined;
  }

  get #room(): number {
    return this.#capacity.bytes - this.#bytes;
  }

  #changed<Outcome>(clusterId: string, change: (cluster: ClusterState) => Outcome): Outcome {
    const cluster = this.#byId.get(clusterId) ?? new ClusterState();
    const outcome = this.#counted(cluster, () => change(cluster));
    if (cluster.size > 0) this.#byId.set(clusterId, cluster);
    else this.#byId.delete(clusterId);
    this.#nextExpiry = Math.min(this.#nextExpiry, cluster.nextExpiry);
    return outcome;
  }

  delete(clusterId: string, affiliateId: string): Change | undefined {
    const cluster = this.#byId.get(clusterId);
    const change = cluster && this.#counted(cluster, () => cluster.delete(affiliateId));
    if (cluster?.size === 0) this.#byId.delete(clusterId);
    return change;
  }

  expire(now: number): ClusterChange[] {
    const changes: ClusterChange[] = [];
    this.#nextExpiry = Number.POSITIVE_INFINITY;
    for (const [clusterId, cluster] of this.#byId) {
      for (const change of this.#counted(cluster, () => cluster.expire(now)))
        changes.push({ clusterId, change });
      if (cluster.size === 0) this.#byId.delete(clusterId);
      this.#nextExpiry = Math.min(this.#nextExpiry, cluster.nextExpiry);
    }
    return changes;
  }

  /** Updates the sums over all clusters when one of them changes. */
  #counted<Result>(cluster: ClusterState, work: () => Result): Result {
    const before = cluster.bytes;
    const result = work();
    this.#bytes += cluster.bytes - before;
    return result;
  }
}
