import type { Envelope } from "../discovery/index.ts";
import { limits } from "../discovery/index.ts";
import type { AffiliateRecord } from "./record.ts";
import { exhausted, type Refusal } from "./refusal.ts";
import type { AffiliateUpdate } from "./requests.ts";

/** What watchers are told: an affiliate as it is now, or that it is gone. */
export type Change =
  | { readonly kind: "updated"; readonly affiliate: Envelope }
  | { readonly kind: "deleted"; readonly id: string };

interface StoredEndpoint {
  readonly bytes: Uint8Array;
  expiresAt: number;
}

interface StoredAffiliate {
  data: Uint8Array;
  /** By their bytes: equal endpoints are sealed to equal bytes. */
  readonly endpoints: Map<string, StoredEndpoint>;
  /** Never before that of any of its endpoints. */
  expiresAt: number;
  /** What it is at the moment, made when it is asked for: the same object until something changes. */
  envelope?: Envelope | undefined;
}

/** Rough cost in memory of what surrounds the bytes that are stored. */
const overhead = { affiliate: 512, endpoint: 256 } as const;
const noData = new Uint8Array();

/**
 * The affiliates of one cluster, with the semantics of reference section 4. Times are milliseconds of one clock that
 * never goes back. Every change that watchers are to hear of is a return value.
 */
export class ClusterState {
  readonly #affiliates = new Map<string, StoredAffiliate>();
  #snapshot: readonly Envelope[] | undefined;
  #bytes = 0;
  #nextExpiry = Number.POSITIVE_INFINITY;

  /** Roughly what it takes in memory. */
  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#affiliates.size;
  }

  /** Nothing expires before this; infinite when there is nothing. */
  get nextExpiry(): number {
    return this.#nextExpiry;
  }

  /** The same array, of the same objects, until something changes: what is made of it need be made only once. */
  snapshot(): readonly Envelope[] {
    this.#snapshot ??= [...this.#affiliates].map(([id, affiliate]) => envelope(id, affiliate));
    return this.#snapshot;
  }

  /**
   * Stores data and adds endpoints; both live until `now` plus the TTL, or as long as they did anyway. Whole or not at
   * all. `undefined` when nothing changed but times; a refusal when a bound would be broken, `roomBytes` included.
   */
  update(update: AffiliateUpdate, now: number, roomBytes: number): Change | Refusal | undefined {
    const known = this.#affiliates.get(update.affiliateId);
    const added = newEndpoints(known, update.endpoints);
    const refusal = this.refusal(update, roomBytes);
    if (refusal) return refusal;
    const affiliate = known ?? this.#create(update.affiliateId);
    const hasNewData = update.data !== undefined && Buffer.compare(affiliate.data, update.data) !== 0;
    this.#bytes += growth(update, known, added);
    if (hasNewData) affiliate.data = update.data ?? affiliate.data;
    this.#extend(affiliate, update.endpoints, now + update.ttlMs);
    const isNews = known === undefined || hasNewData || added.size > 0;
    return isNews ? this.#changed(update.affiliateId, affiliate) : undefined;
  }

  delete(id: string): Change | undefined {
    const affiliate = this.#affiliates.get(id);
    if (!affiliate) return undefined;
    this.#affiliates.delete(id);
    this.#snapshot = undefined;
    this.#bytes -= sizeOf(id, affiliate);
    return { kind: "deleted", id };
  }

  /** Removes every affiliate and every endpoint whose time is over. */
  expire(now: number): Change[] {
    if (now < this.#nextExpiry) return [];
    const changes: Change[] = [];
    this.#nextExpiry = Number.POSITIVE_INFINITY;
    for (const [id, affiliate] of this.#affiliates) {
      const deleted = affiliate.expiresAt <= now ? this.delete(id) : undefined;
      if (deleted) changes.push(deleted);
      else if (this.#expireEndpoints(affiliate, now)) changes.push(this.#changed(id, affiliate));
    }
    return changes;
  }

  /** How much more memory `update` would take. */
  growth(update: AffiliateUpdate): number {
    const known = this.#affiliates.get(update.affiliateId);
    return growth(update, known, newEndpoints(known, update.endpoints));
  }

  /** Why `update` would not take it. */
  refusal(update: AffiliateUpdate, roomBytes: number): Refusal | undefined {
    const known = this.#affiliates.get(update.affiliateId);
    const added = newEndpoints(known, update.endpoints);
    const grown = growth(update, known, added);
    if (!known && this.#affiliates.size >= limits.affiliatesPerCluster)
      return exhausted(`the cluster has ${limits.affiliatesPerCluster} affiliates already`);
    if ((known?.endpoints.size ?? 0) + added.size > limits.endpointsPerAffiliate)
      return exhausted(`the affiliate would have more than ${limits.endpointsPerAffiliate} endpoints`);
    return grown > 0 && grown > roomBytes ? exhausted("this service is full") : undefined;
  }

  record(id: string, now: number): AffiliateRecord | undefined {
    const affiliate = this.#affiliates.get(id);
    return affiliate && recordOf(id, affiliate, now);
  }

  records(now: number): AffiliateRecord[] {
    return [...this.#affiliates].map(([id, affiliate]) => recordOf(id, affiliate, now));
  }

  /** Puts an affiliate in the place of what was known of it. What of it is over is left out; it may be all of it. */
  put(record: AffiliateRecord, now: number): Change | undefined {
    if (record.leftMs <= 0) return this.delete(record.id);
    const before = this.#affiliates.get(record.id);
    const affiliate: StoredAffiliate = {
      data: record.data,
      endpoints: new Map(),
      expiresAt: now + record.leftMs,
    };
    for (const { bytes, leftMs } of record.endpoints)
      if (leftMs > 0) affiliate.endpoints.set(keyOf(bytes), { bytes, expiresAt: now + leftMs });
    this.#bytes += sizeOf(record.id, affiliate) - (before ? sizeOf(record.id, before) : 0);
    this.#affiliates.set(record.id, affiliate);
    for (const { expiresAt } of [affiliate, ...affiliate.endpoints.values()])
      this.#nextExpiry = Math.min(this.#nextExpiry, expiresAt);
    const change = this.#changed(record.id, affiliate);
    return before && isSame(before, affiliate) ? undefined : change;
  }

  #changed(id: string, affiliate: StoredAffiliate): Change {
    affiliate.envelope = undefined;
    this.#snapshot = undefined;
    return { kind: "updated", affiliate: envelope(id, affiliate) };
  }

  #create(id: string): StoredAffiliate {
    const affiliate: StoredAffiliate = { data: noData, endpoints: new Map(), expiresAt: 0 };
    this.#affiliates.set(id, affiliate);
    return affiliate;
  }

  #extend(affiliate: StoredAffiliate, endpoints: readonly Uint8Array[], until: number): void {
    affiliate.expiresAt = Math.max(affiliate.expiresAt, until);
    for (const bytes of endpoints) {
      const known = affiliate.endpoints.get(keyOf(bytes));
      if (known) known.expiresAt = Math.max(known.expiresAt, until);
      else affiliate.endpoints.set(keyOf(bytes), { bytes, expiresAt: until });
    }
    this.#nextExpiry = Math.min(this.#nextExpiry, until);
  }

  /** Also finds when the next thing of this affiliate expires. */
  #expireEndpoints(affiliate: StoredAffiliate, now: number): boolean {
    let next = affiliate.expiresAt;
    let hasExpired = false;
    for (const [key, endpoint] of affiliate.endpoints) {
      if (endpoint.expiresAt > now) next = Math.min(next, endpoint.expiresAt);
      else {
        affiliate.endpoints.delete(key);
        this.#bytes -= overhead.endpoint + endpoint.bytes.length;
        hasExpired = true;
      }
    }
    this.#nextExpiry = Math.min(this.#nextExpiry, next);
    return hasExpired;
  }
}

/** What `update` makes of an affiliate, as values; or why it is refused, whatever else there is in the cluster. */
export function updatedRecord(
  known: AffiliateRecord | undefined,
  update: AffiliateUpdate,
): AffiliateRecord | Refusal | undefined {
  const alone = new ClusterState();
  if (known) alone.put(known, 0);
  const outcome = alone.update(update, 0, Number.POSITIVE_INFINITY);
  return outcome && "refused" in outcome ? outcome : alone.record(update.affiliateId, 0);
}

const keyOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

const newEndpoints = (known: StoredAffiliate | undefined, endpoints: readonly Uint8Array[]): Set<string> =>
  new Set(endpoints.map(keyOf).filter((key) => !known?.endpoints.has(key)));

const recordOf = (id: string, affiliate: StoredAffiliate, now: number): AffiliateRecord => ({
  id,
  data: affiliate.data,
  endpoints: [...affiliate.endpoints.values()].map(({ bytes, expiresAt }) => ({
    bytes,
    leftMs: expiresAt - now,
  })),
  leftMs: affiliate.expiresAt - now,
});

/** But for times. */
const isSame = (one: StoredAffiliate, other: StoredAffiliate): boolean =>
  Buffer.compare(one.data, other.data) === 0 &&
  one.endpoints.size === other.endpoints.size &&
  [...one.endpoints.keys()].every((key) => other.endpoints.has(key));

function envelope(id: string, affiliate: StoredAffiliate): Envelope {
  affiliate.envelope ??= {
    id,
    data: affiliate.data,
    endpoints: [...affiliate.endpoints.values()].map((endpoint) => endpoint.bytes),
  };
  return affiliate.envelope;
}

/** Roughly what an affiliate takes in memory. */
export const envelopeSize = ({ id, data, endpoints }: Envelope): number =>
  endpoints.reduce((sum, endpoint) => sum + overhead.endpoint + endpoint.length, baseSize(id) + data.length);

const baseSize = (id: string): number => overhead.affiliate + Buffer.byteLength(id);

const sizeOf = (id: string, affiliate: StoredAffiliate): number =>
  [...affiliate.endpoints.values()].reduce(
    (sum, endpoint) => sum + overhead.endpoint + endpoint.bytes.length,
    baseSize(id) + affiliate.data.length,
  );

/** How much more memory the update takes; negative when shorter data replaces longer. */
function growth(
  update: AffiliateUpdate,
  known: StoredAffiliate | undefined,
  added: ReadonlySet<string>,
): number {
  const endpoints = [...added].reduce((sum, key) => sum + overhead.endpoint + key.length, 0);
  const data = update.data ? update.data.length - (known?.data.length ?? 0) : 0;
  return endpoints + data + (known ? 0 : baseSize(update.affiliateId));
}
