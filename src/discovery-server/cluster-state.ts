import type { Envelope } from "../discovery/index.ts";
import { limits } from "../discovery/index.ts";
import type { AffiliateRecord } from "./record.ts";
import { exhausted, type Refusal } from "./refusal.ts";
import type { AffiliateUpdate } from "./requests.ts";

/** A change for watchers: the present state of an affiliate, or its end. */
export type Change =
  | { readonly kind: "updated"; readonly affiliate: Envelope }
  | { readonly kind: "deleted"; readonly id: string };

/** The affiliate that a change is about. */
export const idOfChange = (change: Change): string =>
  change.kind === "deleted" ? change.id : change.affiliate.id;

interface StoredEndpoint {
  readonly bytes: Uint8Array;
  expiresAt: number;
}

interface StoredAffiliate {
  data: Uint8Array;
  /** The endpoints by their bytes. Equal endpoints are sealed to equal bytes. */
  readonly endpoints: Map<string, StoredEndpoint>;
  /** The time at which the affiliate expires, which is never before that of its endpoints. */
  expiresAt: number;
  /** The message about the affiliate, made when it is needed and kept until the affiliate changes. */
  envelope?: Envelope | undefined;
}

/** The approximate memory, in bytes, that surrounds the stored data. */
const overhead = { affiliate: 512, endpoint: 256 } as const;
const noData = new Uint8Array();

/**
 * The affiliates of one cluster, with the semantics of Talos' discovery service. Times are milliseconds of one clock
 * that never goes back. Each method returns the changes of which watchers are to be told.
 */
export class ClusterState {
  readonly #affiliates = new Map<string, StoredAffiliate>();
  #snapshot: readonly Envelope[] | undefined;
  #bytes = 0;
  #nextExpiry = Number.POSITIVE_INFINITY;

  /** The approximate memory in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#affiliates.size;
  }

  /** The time before which nothing expires; infinite when there is nothing. */
  get nextExpiry(): number {
    return this.#nextExpiry;
  }

  /**
   * The state of all affiliates. The array and its objects stay the same until something changes, so that callers can
   * cache what they derive from them.
   */
  snapshot(): readonly Envelope[] {
    this.#snapshot ??= [...this.#affiliates].map(([id, affiliate]) => envelope(id, affiliate));
    return this.#snapshot;
  }

  /**
   * Stores data and adds endpoints. Both live until `now` plus the TTL, or longer if they did before. An update is
   * applied as a whole or not at all. `undefined` when nothing but times changed; a refusal when a bound would be
   * exceeded, including `roomBytes`.
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

  /** Removes all affiliates and endpoints whose time is over. */
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

  /** The additional memory, in bytes, that the update would take. */
  growth(update: AffiliateUpdate): number {
    const known = this.#affiliates.get(update.affiliateId);
    return growth(update, known, newEndpoints(known, update.endpoints));
  }

  /** The reason why `update` would refuse. */
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

  /** Replaces an affiliate. Expired parts of the record are left out, which may be all of it. */
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

  /** Removes expired endpoints, and finds the time at which the next part of this affiliate expires. */
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

/**
 * The affiliate after the update as values, or the reason for a refusal that does not depend on the rest of the
 * cluster.
 */
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

/** Tells whether two states of an affiliate differ in nothing but times. */
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

/** The approximate memory of an affiliate, in bytes. */
export const envelopeSize = ({ id, data, endpoints }: Envelope): number =>
  endpoints.reduce((sum, endpoint) => sum + overhead.endpoint + endpoint.length, baseSize(id) + data.length);

const baseSize = (id: string): number => overhead.affiliate + Buffer.byteLength(id);

const sizeOf = (id: string, affiliate: StoredAffiliate): number =>
  [...affiliate.endpoints.values()].reduce(
    (sum, endpoint) => sum + overhead.endpoint + endpoint.bytes.length,
    baseSize(id) + affiliate.data.length,
  );

/** The additional memory, in bytes, that the update takes; negative when shorter data replaces longer. */
function growth(
  update: AffiliateUpdate,
  known: StoredAffiliate | undefined,
  added: ReadonlySet<string>,
): number {
  const endpoints = [...added].reduce((sum, key) => sum + overhead.endpoint + key.length, 0);
  const data = update.data ? update.data.length - (known?.data.length ?? 0) : 0;
  return endpoints + data + (known ? 0 : baseSize(update.affiliateId));
}
