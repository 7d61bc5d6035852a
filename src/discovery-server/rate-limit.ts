import { type Address, familyOf, prefixOf } from "../net/index.ts";

export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

interface Bucket {
  tokens: number;
  /** The time, in milliseconds, for which `tokens` holds. */
  at: number;
}

/** The number of senders that are remembered. When there are more, those with a full bucket are forgotten. */
const mostSenders = 65_536;
/**
 * The least time between two searches for full buckets, since a search takes a while and new senders must not decide
 * how often one happens.
 */
const betweenSweepsMs = 1000;

/** A token bucket for each sender. */
export class RateLimit {
  readonly #rate: Rate;
  readonly #buckets = new Map<string, Bucket>();
  #sweptAt = Number.NEGATIVE_INFINITY;

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /**
   * Tells whether one more request of this sender may pass. `now` is in milliseconds of a clock that never goes back.
   */
  take(key: string, now: number): boolean {
    const bucket = this.#buckets.get(key) ?? this.#open(key, now);
    if (!bucket) return false;
    bucket.tokens = this.#tokensAt(bucket, now);
    bucket.at = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  /** Makes a sender that did harm wait longer, at most as if it had used its burst twice. */
  charge(key: string, amount: number, now: number): void {
    const bucket = this.#buckets.get(key) ?? this.#open(key, now);
    if (!bucket) return;
    bucket.tokens = Math.max(-this.#rate.burst, this.#tokensAt(bucket, now) - amount);
    bucket.at = now;
  }

  /** Opens a bucket; `undefined` when too many senders are busy at once. */
  #open(key: string, now: number): Bucket | undefined {
    if (this.#buckets.size >= mostSenders && now - this.#sweptAt >= betweenSweepsMs) this.#sweep(now);
    if (this.#buckets.size >= mostSenders) return undefined;
    const bucket = { tokens: this.#rate.burst, at: now };
    this.#buckets.set(key, bucket);
    return bucket;
  }

  #sweep(now: number): void {
    this.#sweptAt = now;
    for (const [key, bucket] of this.#buckets)
      if (this.#tokensAt(bucket, now) >= this.#rate.burst) this.#buckets.delete(key);
  }

  #tokensAt(bucket: Bucket, now: number): number {
    return Math.min(this.#rate.burst, bucket.tokens + ((now - bucket.at) / 1000) * this.#rate.perSecond);
  }
}

/**
 * The rate limits of nodes and of addresses. Nodes behind one NAT share its address, so each has its own bucket, and
 * the address a larger one. A request that exceeds the node's rate takes nothing from the shared bucket. An IPv6
 * address stands for its /64, because one machine has as many of those addresses as it likes.
 */
export class FairRateLimit {
  readonly #nodes: RateLimit;
  readonly #addresses: RateLimit;

  constructor(node: Rate, address: Rate) {
    this.#nodes = new RateLimit(node);
    this.#addresses = new RateLimit(address);
  }

  /** Takes a token; `node` tells the nodes of one address apart. */
  take(address: Address, node: string, now: number): boolean {
    const shared = familyOf(address) === 4 ? address : (prefixOf(address, 64) ?? address);
    return this.#nodes.take(`${shared} ${node}`, now) && this.#addresses.take(shared, now);
  }
}
