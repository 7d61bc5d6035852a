import type { Logger } from "pino";
import { type Capacity, Clusters } from "../clusters.ts";
import { parseRecord } from "../record.ts";
import type { OnChange } from "../store.ts";
import { ExpiryTimer } from "./expiry-timer.ts";

const encoded = (id: string): string => Buffer.from(id).toString("base64url");

export const keyOf = (prefix: string, clusterId: string, affiliateId: string): string =>
  `${prefix}${encoded(clusterId)}/${encoded(affiliateId)}`;

/**
 * The contents of etcd in memory. News may arrive twice and out of order, from the watch and from the answers to our
 * own writes, so the newest revision of each key counts. Values are checked like anything from the network.
 */
export class EtcdMirror {
  readonly clusters: Clusters;
  readonly #prefix: string;
  readonly #onChange: OnChange;
  readonly #log: Logger;
  readonly #revisions = new Map<string, bigint>();
  /** The revisions of deleted keys, kept until the watch has passed them. */
  readonly #deleted = new Map<string, bigint>();
  readonly #timer = new ExpiryTimer(() => {
    for (const change of this.clusters.expire(performance.now())) this.#onChange(change);
    this.#timer.dueAt(this.clusters.nextExpiry);
  });

  constructor(prefix: string, capacity: Capacity, onChange: OnChange, log: Logger) {
    this.clusters = new Clusters(capacity);
    this.#prefix = prefix;
    this.#onChange = onChange;
    this.#log = log;
  }

  /** The revision of a key; `0` for a key that does not exist. */
  revisionOf(key: string): string {
    return String(this.#revisions.get(key) ?? 0n);
  }

  put(key: string, value: Buffer, revision: string): void {
    if (!this.#isNews(key, BigInt(revision))) return;
    this.#deleted.delete(key);
    this.#revisions.set(key, BigInt(revision));
    const found = parseRecord(value.toString(), Date.now());
    if (!found || keyOf(this.#prefix, found.clusterId, found.record.id) !== key)
      return this.#log.warn("a key in etcd does not hold an affiliate of its name; it is passed over");
    const change = this.clusters.put(found, performance.now());
    this.#timer.dueAt(this.clusters.nextExpiry);
    if (change && "refused" in change)
      this.#log.warn(`an affiliate in etcd is passed over: ${change.reason}`);
    else if (change) this.#onChange({ clusterId: found.clusterId, change });
  }

  delete(key: string, revision: string): void {
    if (!this.#isNews(key, BigInt(revision))) return;
    this.#revisions.delete(key);
    this.#deleted.set(key, BigInt(revision));
    const [clusterId, affiliateId] = key
      .slice(this.#prefix.length)
      .split("/")
      .map((part) => Buffer.from(part, "base64url").toString());
    if (clusterId === undefined || affiliateId === undefined) return;
    const change = this.clusters.delete(clusterId, affiliateId);
    if (change) this.#onChange({ clusterId, change });
  }

  /** Deletes all keys that do not exist at that revision. */
  deleteAllBut(keys: ReadonlySet<string>, revision: string): void {
    for (const key of this.#revisions.keys()) if (!keys.has(key)) this.delete(key, revision);
  }

  /** Notes that the watch has delivered everything up to this revision. */
  passed(revision: string): void {
    for (const [key, at] of this.#deleted) if (at <= BigInt(revision)) this.#deleted.delete(key);
  }

  close(): void {
    this.#timer.stop();
  }

  #isNews(key: string, revision: bigint): boolean {
    return revision > (this.#revisions.get(key) ?? this.#deleted.get(key) ?? -1n);
  }
}
