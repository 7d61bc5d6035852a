import type { Envelope } from "../envelope.ts";
import { type Change, ClusterState } from "./cluster-state.ts";
import { exhausted, type Refusal } from "./refusal.ts";
import type { AffiliateUpdate } from "./requests.ts";

export interface Capacity {
  readonly clusters: number;
  /** Roughly, over all clusters. */
  readonly bytes: number;
}

/** A change and the cluster whose watchers are to hear of it. */
export interface ClusterChange {
  readonly clusterId: string;
  readonly change: Change;
}

/** All clusters of one service. A cluster exists as long as it has an affiliate. */
export class Clusters {
  readonly #capacity: Capacity;
  readonly #byId = new Map<string, ClusterState>();
  #bytes = 0;
  #nextExpiry = Number.POSITIVE_INFINITY;

  constructor(capacity: Capacity) {
    this.#capacity = capacity;
  }

  /** Nothing expires before this; infinite when there is nothing. */
  get nextExpiry(): number {
    return this.#nextExpiry;
  }

  snapshot(clusterId: string): Envelope[] {
    return this.#byId.get(clusterId)?.snapshot() ?? [];
  }

  update(clusterId: string, update: AffiliateUpdate, now: number): Change | Refusal | undefined {
    const known = this.#byId.get(clusterId);
    if (!known && this.#byId.size >= this.#capacity.clusters) return exhausted("this service is full");
    const cluster = known ?? new ClusterState();
    const room = this.#capacity.bytes - this.#bytes;
    const outcome = this.#counted(cluster, () => cluster.update(update, now, room));
    if (!cluster.isEmpty) this.#byId.set(clusterId, cluster);
    this.#nextExpiry = Math.min(this.#nextExpiry, cluster.nextExpiry);
    return outcome;
  }

  delete(clusterId: string, affiliateId: string): Change | undefined {
    const cluster = this.#byId.get(clusterId);
    const change = cluster && this.#counted(cluster, () => cluster.delete(affiliateId));
    if (cluster?.isEmpty) this.#byId.delete(clusterId);
    return change;
  }

  expire(now: number): ClusterChange[] {
    const changes: ClusterChange[] = [];
    this.#nextExpiry = Number.POSITIVE_INFINITY;
    for (const [clusterId, cluster] of this.#byId) {
      for (const change of this.#counted(cluster, () => cluster.expire(now)))
        changes.push({ clusterId, change });
      if (cluster.isEmpty) this.#byId.delete(clusterId);
      this.#nextExpiry = Math.min(this.#nextExpiry, cluster.nextExpiry);
    }
    return changes;
  }

  /** Keeps the sum of all clusters while one of them changes. */
  #counted<Result>(cluster: ClusterState, work: () => Result): Result {
    const before = cluster.bytes;
    const result = work();
    this.#bytes += cluster.bytes - before;
    return result;
  }
}
