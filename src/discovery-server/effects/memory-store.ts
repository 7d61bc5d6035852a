import type { Logger } from "pino";
import { type Capacity, Clusters } from "../clusters.ts";
import type { OnChange, Store } from "../store.ts";
import { ExpiryTimer } from "./expiry-timer.ts";
import { SnapshotFile } from "./snapshot-file.ts";

export interface MemoryStoreOptions {
  readonly capacity: Capacity;
  readonly log: Logger;
  readonly onChange: OnChange;
  /** The file for a copy, which is read at the start and written every `everyMs` and at the end. */
  readonly snapshot?: { readonly path: string; readonly everyMs: number };
}

/** A store in the memory of this process. It survives a restart as far as its last snapshot goes. */
export async function openMemoryStore({
  capacity,
  log,
  onChange,
  snapshot,
}: MemoryStoreOptions): Promise<Store> {
  const clusters = new Clusters(capacity);
  const timer = new ExpiryTimer(() => {
    const expired = clusters.expire(performance.now());
    for (const change of expired) onChange(change);
    if (expired.length > 0) log.debug({ changes: expired.length }, "expired what was not renewed");
    timer.dueAt(clusters.nextExpiry);
  });
  const file =
    snapshot &&
    new SnapshotFile(snapshot.path, snapshot.everyMs, () => clusters.records(performance.now()), log);
  for (const record of (await file?.read()) ?? []) {
    const change = clusters.put(record, performance.now());
    if (change && !("refused" in change)) onChange({ clusterId: record.clusterId, change });
  }
  timer.dueAt(clusters.nextExpiry);
  file?.start();
  return {
    snapshot: (clusterId) => clusters.snapshot(clusterId),
    weigh: (clusterId, update) => clusters.weigh(clusterId, update),
    update: (clusterId, update) => {
      const outcome = clusters.update(clusterId, update, performance.now());
      timer.dueAt(clusters.nextExpiry);
      if (outcome && "refused" in outcome) return Promise.resolve(outcome);
      if (outcome) onChange({ clusterId, change: outcome });
      return Promise.resolve(undefined);
    },
    delete: (clusterId, affiliateId) => {
      const change = clusters.delete(clusterId, affiliateId);
      if (change) onChange({ clusterId, change });
      return Promise.resolve();
    },
    size: () => clusters.size(),
    isReady: () => true,
    close: async () => {
      timer.stop();
      await file?.close();
    },
  };
}
