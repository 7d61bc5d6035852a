interface Cluster<Item> {
  amount: number;
  readonly items: Map<Item, number>;
}

/**
 * The part of a shared resource that an established cluster keeps: its first so many units, whatever addresses they
 * come from and whatever else those addresses hold. When everyone else is an attacker, established clusters go on.
 */
export class Floor<Item> {
  readonly #amount: number;
  readonly #isEstablished: (clusterId: string) => boolean;
  readonly #clusters = new Map<string, Cluster<Item>>();
  readonly #clusterOf = new Map<Item, string>();

  constructor(amount: number, isEstablished: (clusterId: string) => boolean) {
    this.#amount = amount;
    this.#isEstablished = isEstablished;
  }

  /** Tells whether so much more of this cluster would be kept. */
  holds(clusterId: string, amount: number): boolean {
    return this.#fits(clusterId, amount) && this.#isEstablished(clusterId);
  }

  /** Counts towards the floor what fits below it, even before the cluster is established. */
  set(item: Item, clusterId: string, amount: number): void {
    this.remove(item);
    if (!this.#fits(clusterId, amount)) return;
    const cluster = this.#clusters.get(clusterId) ?? { amount: 0, items: new Map<Item, number>() };
    this.#clusters.set(clusterId, cluster);
    cluster.amount += amount;
    cluster.items.set(item, amount);
    this.#clusterOf.set(item, clusterId);
  }

  remove(item: Item): void {
    const clusterId = this.#clusterOf.get(item);
    const cluster = clusterId === undefined ? undefined : this.#clusters.get(clusterId);
    if (clusterId === undefined || !cluster) return;
    cluster.amount -= cluster.items.get(item) ?? 0;
    cluster.items.delete(item);
    this.#clusterOf.delete(item);
    if (cluster.items.size === 0) this.#clusters.delete(clusterId);
  }

  keeps(item: Item): boolean {
    const clusterId = this.#clusterOf.get(item);
    return clusterId !== undefined && this.#isEstablished(clusterId);
  }

  #fits(clusterId: string, amount: number): boolean {
    return (this.#clusters.get(clusterId)?.amount ?? 0) + amount <= this.#amount;
  }
}
