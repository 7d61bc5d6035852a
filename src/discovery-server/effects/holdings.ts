import { envelopeSize } from "../cluster-state.ts";
import { Floor } from "../floor.ts";
import { exhausted, type Refusal } from "../refusal.ts";
import type { AffiliateUpdate } from "../requests.ts";
import { nobody, type ShareLimits, Shares } from "../shares.ts";
import type { ClusterChange, Store } from "../store.ts";

export interface HoldingLimits {
  readonly clusters: ShareLimits;
  readonly bytes: ShareLimits;
  /** The memory, in bytes, that an established cluster keeps. */
  readonly floorBytes: number;
  /** The age from which on a cluster is established. */
  readonly establishedMs: number;
}

interface Affiliate {
  readonly clusterId: string;
  readonly id: string;
}

/**
 * The contents of a store, by the address that wrote them. When the store is full, the newest affiliates of the address
 * that wrote most are deleted. What established clusters have always had stays.
 */
export class Holdings {
  readonly #limits: HoldingLimits;
  readonly #bytes: Shares<Affiliate>;
  readonly #clusters: Shares<string>;
  readonly #floor: Floor<Affiliate>;
  /** The affiliates of each cluster, and the time at which the cluster was first seen. */
  readonly #byCluster = new Map<
    string,
    { readonly since: number; readonly affiliates: Map<string, Affiliate> }
  >();
  /** The holder that is writing at the moment, by cluster and affiliate. */
  readonly #writing = new Map<string, string>();
  #cutOff = 0;

  constructor(limits: HoldingLimits) {
    this.#limits = limits;
    this.#floor = new Floor(limits.floorBytes, (clusterId) => this.isEstablished(clusterId));
    this.#bytes = new Shares<Affiliate>(limits.bytes, {
      isKept: (affiliate) => this.#floor.keeps(affiliate),
      first: "newest",
    });
    // A holder with many clusters gets no floor for each, since that would bypass its share.
    const few = Math.max(1, Math.floor(limits.clusters.perHolder / 4));
    this.#clusters = new Shares<string>(limits.clusters, {
      isKept: (clusterId, amount) => amount <= few && this.isEstablished(clusterId),
      first: "newest",
    });
  }

  /** The number of affiliates that were deleted to make room. */
  get cutOff(): number {
    return this.#cutOff;
  }

  isEstablished(clusterId: string): boolean {
    const since = this.#byCluster.get(clusterId)?.since;
    return since !== undefined && performance.now() - since >= this.#limits.establishedMs;
  }

  /** Takes note of a change of the store. */
  changed({ clusterId, change }: ClusterChange): void {
    if (change.kind === "deleted") return this.#removed(clusterId, change.id);
    const { id } = change.affiliate;
    const cluster = this.#byCluster.get(clusterId) ?? { since: performance.now(), affiliates: new Map() };
    const affiliate = cluster.affiliates.get(id) ?? { clusterId, id };
    const holder = this.#writing.get(keyOf(affiliate)) ?? this.#bytes.holderOf(affiliate) ?? nobody;
    this.#byCluster.set(clusterId, cluster);
    cluster.affiliates.set(id, affiliate);
    if (!this.#clusters.has(clusterId)) this.#clusters.set(clusterId, holder, 1);
    const bytes = envelopeSize(change.affiliate);
    this.#bytes.set(affiliate, holder, bytes);
    this.#floor.set(affiliate, clusterId, bytes);
  }

  #removed(clusterId: string, id: string): void {
    const cluster = this.#byCluster.get(clusterId);
    const affiliate = cluster?.affiliates.get(id);
    if (!cluster || !affiliate) return;
    cluster.affiliates.delete(id);
    this.#bytes.remove(affiliate);
    this.#floor.remove(affiliate);
    if (cluster.affiliates.size > 0) return;
    this.#byCluster.delete(clusterId);
    this.#clusters.remove(clusterId);
  }

  /** Makes the room that an update needs, then calls `Store.update`. */
  async update(
    store: Store,
    holder: string,
    clusterId: string,
    update: AffiliateUpdate,
  ): Promise<Refusal | undefined> {
    const growth = store.weigh(clusterId, update);
    if (typeof growth !== "number") return growth;
    const cut = growth > 0 ? this.#room(holder, clusterId, growth) : [];
    if (!cut) return exhausted("this address has its share of what this service can hold");
    this.#cutOff += cut.length;
    for (const affiliate of cut) await store.delete(affiliate.clusterId, affiliate.id);
    const key = keyOf({ clusterId, id: update.affiliateId });
    if (update.data !== undefined || growth > 0) this.#writing.set(key, holder);
    try {
      return await store.update(clusterId, update);
    } finally {
      this.#writing.delete(key);
    }
  }

  #room(holder: string, clusterId: string, growth: number): Affiliate[] | undefined {
    const clusters = this.#byCluster.has(clusterId) ? [] : this.#clusters.room(holder, 1);
    const affiliates = this.#bytes.room(holder, growth, this.#floor.holds(clusterId, growth));
    if (!clusters || !affiliates) return undefined;
    const ofClusters = clusters.flatMap((each) => [
      ...(this.#byCluster.get(each)?.affiliates.values() ?? []),
    ]);
    return [...new Set([...ofClusters, ...affiliates])];
  }
}

const keyOf = ({ clusterId, id }: Affiliate): string => JSON.stringify([clusterId, id]);
