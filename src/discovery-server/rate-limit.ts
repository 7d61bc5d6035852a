import { type Address, familyOf, prefixOf } from "../net/index.ts";

export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

interface Bucket {
  tokens: number;
  /** When `tokens` was right, ms. */
  at: number;
}

/** Senders that are remembered; when there are more, those whose bucket is full again are forgotten. */
const mostSenders = 65_536;
/** Looking for those takes a while, and whoever brings new senders must not decide how often it is done. */
const betweenSweepsMs = 1000;

/** A token bucket for each sender. */
export class RateLimit {
  readonly #rate: Rate;
  readonly #buckets = new Map<string, Bucket>();
  #sweptAt = Number.NEGATIVE_INFINITY;

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** Whether one more request of this sender may pass; `now` in ms of a clock that never goes back. */
  take(key: string, now: number): boolean {
    const bucket = this.#buckets.get(key) ?? this.#open(key, now);
    if (!bucket) return false;
    bucket.tokens = this.#tokensAt(bucket, now);
    bucket.at = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  /** Makes a sender who did harm wait longer, at most as if it had used its burst twice. */
  charge(key: string, amount: number, now: number): void {
    const bucket = this.#buckets.get(key) ?? this.#open(key, now);
    if (!bucket) return;
    bucket.tokens = Math.max(-this.#rate.burst, this.#tokensAt(bucket, now) - amount);
    bucket.at = now;
  }

  /** `undefined` when too many senders are busy at once. */
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
 * Nodes behind one NAT share its address, so each of them has a bucket of its own, and the address a larger one. A
 * node that asks too much is refused before it takes from what the others share. An IPv6 address stands for its /64,
 * because one machine has as many of those as it likes.
 */
export class FairRateLimit {
  readonly #nodes: RateLimit;
  readonly #addresses: RateLimit;

  constructor(node: Rate, address: Rate) {
    this.#nodes = new RateLimit(node);
    this.#addresses = new RateLimit(address);
  }

  /** `node` tells the nodes of one address apart. */
  take(address: Address, node: string, now: number): boolean {
    const shared = familyOf(address) === 4 ? address : (prefixOf(address, 64) ?? address);
    return this.#nodes.take(`${shared} ${node}`, now) && this.#addresses.take(shared, now);
  }
}
