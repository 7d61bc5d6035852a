import { setTimeout as delay } from "node:timers/promises";
import { Etcd3, type IOptions, type Watcher } from "etcd3";
import type { Logger } from "pino";
import { errorText, KubespanError } from "../../base/index.ts";
import type { Envelope } from "../../discovery/index.ts";
import { updatedRecord } from "../cluster-state.ts";
import type { Capacity } from "../clusters.ts";
import { type AffiliateRecord, recordText } from "../record.ts";
import { exhausted, type Refusal } from "../refusal.ts";
import type { AffiliateUpdate } from "../requests.ts";
import type { OnChange, Store, StoreSize } from "../store.ts";
import { EtcdCompaction } from "./etcd-compaction.ts";
import { EtcdLeases } from "./etcd-leases.ts";
import { EtcdMirror, keyOf } from "./etcd-mirror.ts";
import { EtcdWrites, type Operation } from "./etcd-writes.ts";

export interface EtcdStoreOptions {
  /** The URLs of etcd's members. */
  readonly hosts: string[];
  readonly credentials?: IOptions["credentials"];
  /** The prefix of all keys. */
  readonly prefix: string;
  readonly capacity: Capacity;
  /** The interval at which etcd's history is compacted; 0 leaves that to others. */
  readonly compactEveryMs: number;
  readonly log: Logger;
  readonly onChange: OnChange;
}

const callMs = 5_000;
const relistAfterMs = 1_000;
/**
 * The number of attempts to write. Other services may write the same affiliate at the same moment, but not repeatedly.
 */
const mostAttempts = 16;
const contentionMs = 20;
const pageSize = 500;

/**
 * The affiliates in etcd, for several services behind one name. Each affiliate is one key, and an update is written
 * only if the key still has the value that it was computed from. Leases carry the times to live, a watch delivers what
 * other services write, and all reads come from a mirror in memory. Endpoints expire by the clock of each machine, and
 * the clocks should agree to seconds. Throws `KubespanError("discovery")` when etcd does not answer.
 */
export async function openEtcdStore(options: EtcdStoreOptions): Promise<Store> {
  const store = new EtcdStore(options);
  await store.open();
  return store;
}

class EtcdStore implements Store {
  readonly #options: EtcdStoreOptions;
  readonly #client: Etcd3;
  readonly #mirror: EtcdMirror;
  readonly #leases: EtcdLeases;
  readonly #writes = new EtcdWrites((...write) => this.#write(...write));
  #compaction: EtcdCompaction | undefined;
  #watcher: Watcher | undefined;
  #isWatching = false;
  #isClosed = false;
  #relist: NodeJS.Timeout | undefined;

  constructor(options: EtcdStoreOptions) {
    this.#options = options;
    this.#client = new Etcd3({
      hosts: options.hosts,
      ...(options.credentials && { credentials: options.credentials }),
      grpcOptions: { "grpc.keepalive_time_ms": 10_000, "grpc.keepalive_timeout_ms": 5_000 },
      defaultCallOptions: ({ isStream }) => (isStream ? {} : { deadline: Date.now() + callMs }),
    });
    this.#mirror = new EtcdMirror(options.prefix, options.capacity, options.onChange, options.log);
    this.#leases = new EtcdLeases(this.#client.leaseClient);
  }

  async open(): Promise<void> {
    try {
      await this.#list();
      const { compactEveryMs, log } = this.#options;
      if (compactEveryMs > 0) this.#compaction = new EtcdCompaction(this.#client, compactEveryMs, log);
    } catch (error) {
      await this.close();
      throw unreachable(error);
    }
  }

  snapshot(clusterId: string): readonly Envelope[] {
    return this.#mirror.clusters.snapshot(clusterId);
  }

  weigh(clusterId: string, update: AffiliateUpdate): number | Refusal {
    return this.#mirror.clusters.weigh(clusterId, update);
  }

  update(clusterId: string, update: AffiliateUpdate): Promise<Refusal | undefined> {
    return this.#writes.do(clusterId, update.affiliateId, update);
  }

  async delete(clusterId: string, affiliateId: string): Promise<void> {
    await this.#writes.do(clusterId, affiliateId, "delete");
  }

  async #write(
    clusterId: string,
    affiliateId: string,
    operations: readonly Operation[],
  ): Promise<readonly (Refusal | undefined)[]> {
    const { clusters } = this.#mirror;
    try {
      for (let attempt = 0; attempt < mostAttempts; attempt++) {
        const known = clusters.record(clusterId, affiliateId, performance.now());
        const { record, refusals } = resultOf(known, operations, (each) => clusters.refusal(clusterId, each));
        const isRefused = refusals.every((refusal) => refusal !== undefined);
        if (isRefused || (await this.#put(clusterId, affiliateId, record))) return refusals;
        await delay(Math.random() * contentionMs);
      }
    } catch (error) {
      throw unreachable(error);
    }
    return operations.map(() => exhausted("the affiliate is being written by too many at once"));
  }

  /** Writes one key. Gives `false` when another service was quicker; the mirror then has that service's value. */
  async #put(clusterId: string, affiliateId: string, record: AffiliateRecord | undefined): Promise<boolean> {
    const key = keyOf(this.#options.prefix, clusterId, affiliateId);
    const name = Buffer.from(key);
    if (!record) {
      const { header } = await this.#client.kv.deleteRange({ key: name });
      this.#mirror.delete(key, header.revision);
      return true;
    }
    const revision = this.#mirror.revisionOf(key);
    const value = Buffer.from(recordText({ clusterId, record }, Date.now()));
    const lease = await this.#leases.lasting(record.leftMs);
    const response = await this.#client.kv
      .txn({
        compare: [{ result: "Equal", target: "Mod", key: name, mod_revision: revision }],
        success: [{ request_put: { key: name, value, lease } }],
        failure: [{ request_range: { key: name } }],
      })
      .catch((error: unknown) => {
        this.#leases.forget(); // the failure may be due to a lease
        throw error;
      });
    if (response.succeeded) this.#mirror.put(key, value, response.header.revision);
    else {
      const found = response.responses[0]?.response_range.kvs[0];
      if (found) this.#mirror.put(key, found.value, found.mod_revision);
      else this.#mirror.delete(key, response.header.revision);
    }
    return response.succeeded;
  }

  size(): StoreSize {
    return this.#mirror.clusters.size();
  }

  isReady(): boolean {
    return this.#isWatching;
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#isWatching = false;
    this.#compaction?.stop();
    clearTimeout(this.#relist);
    this.#watcher?.removeAllListeners();
    this.#mirror.close();
    this.#client.close();
    return Promise.resolve();
  }

  /** Lists everything at one revision; the watch continues from there. */
  async #list(): Promise<void> {
    const { prefix } = this.#options;
    const end = Buffer.from(
      prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1),
    );
    const seen = new Set<string>();
    let from = Buffer.from(prefix);
    let revision = "0";
    for (let more = true; more; ) {
      const page = await this.#client.kv.range({ key: from, range_end: end, limit: pageSize, revision });
      revision = revision === "0" ? page.header.revision : revision;
      for (const { key, value, mod_revision } of page.kvs) {
        seen.add(key.toString());
        this.#mirror.put(key.toString(), value, mod_revision);
      }
      const last = page.kvs.at(-1);
      more = page.more && last !== undefined;
      if (last) from = Buffer.concat([last.key, Buffer.of(0)]);
    }
    this.#mirror.deleteAllBut(seen, revision);
    this.#watch(revision);
  }

  #watch(revision: string): void {
    if (this.#isClosed) return;
    const { log, prefix } = this.#options;
    const watcher = this.#client
      .watch()
      .prefix(prefix)
      .startRevision(String(BigInt(revision) + 1n))
      .watcher();
    this.#watcher = watcher;
    watcher.on("connected", () => {
      if (!this.#isWatching) log.info("watching etcd");
      this.#isWatching = true;
    });
    watcher.on("disconnected", (error) => {
      if (this.#isWatching) log.warn(`etcd cannot be reached: ${error.message}; it is tried again`);
      this.#isWatching = false;
    });
    watcher.on("data", ({ events, header }) => {
      for (const { type, kv } of events) {
        if (type === "Put") this.#mirror.put(kv.key.toString(), kv.value, kv.mod_revision);
        else this.#mirror.delete(kv.key.toString(), kv.mod_revision);
      }
      this.#mirror.passed(header.revision);
    });
    // An error, such as a compacted history, leads to a new listing of everything.
    watcher.on("error", (error) => {
      log.warn(`watching etcd ended: ${error.message}`);
      this.#isWatching = false;
      this.#listAgain();
    });
  }

  #listAgain(): void {
    if (this.#isClosed) return;
    this.#watcher?.removeAllListeners();
    this.#relist = setTimeout(() => {
      this.#list().catch((error: unknown) => {
        this.#options.log.warn(errorText(unreachable(error)));
        this.#listAgain();
      });
    }, relistAfterMs);
  }
}

/** The result of the operations on an affiliate, one after the other, with the reasons of those that are refused. */
function resultOf(
  known: AffiliateRecord | undefined,
  operations: readonly Operation[],
  refusalOf: (update: AffiliateUpdate) => Refusal | undefined,
): { readonly record: AffiliateRecord | undefined; readonly refusals: readonly (Refusal | undefined)[] } {
  let record = known;
  const refusals = operations.map((operation) => {
    const outcome =
      operation === "delete" ? undefined : (refusalOf(operation) ?? updatedRecord(record, operation));
    if (outcome && "refused" in outcome) return outcome;
    record = outcome;
    return undefined;
  });
  return { record, refusals };
}

const unreachable = (cause: unknown): KubespanError =>
  new KubespanError(
    "discovery",
    `etcd does not answer: ${cause instanceof Error ? cause.message : String(cause)}`,
    {
      hint: "check that it runs and that --etcd names it",
      cause,
    },
  );
