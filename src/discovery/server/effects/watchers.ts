import { type ServerWritableStream, status } from "@grpc/grpc-js";
import type { Envelope } from "../../envelope.ts";
import type { WatchRequest, WatchResponse } from "../../wire/generated/server.ts";
import type { Change } from "../cluster-state.ts";
import { exhausted, type Refusal } from "../refusal.ts";
import { affiliateMessage, envelopeBytes, grpcError } from "./messages.ts";

export type WatchCall = ServerWritableStream<WatchRequest, WatchResponse>;

export interface WatcherLimits {
  /** Affiliates of which a watcher has yet to hear. One that falls further behind is cut off. */
  readonly queued: number;
  readonly perCluster: number;
  readonly total: number;
  /** Of snapshots that watchers did not take yet, all together. */
  readonly snapshotBytes: number;
}

/** Everyone who watches a cluster: each gets the snapshot, and then every change, as fast as it reads. */
export class Watchers {
  readonly #limits: WatcherLimits;
  readonly #byCluster = new Map<string, Set<Watcher>>();
  #count = 0;
  #snapshotBytes = 0;

  constructor(limits: WatcherLimits) {
    this.#limits = limits;
  }

  add(clusterId: string, call: WatchCall, snapshot: readonly Envelope[]): Refusal | undefined {
    const bytes = snapshot.reduce((sum, affiliate) => sum + envelopeBytes(affiliate), 0);
    const cluster = this.#byCluster.get(clusterId) ?? new Set();
    if (this.#count >= this.#limits.total || cluster.size >= this.#limits.perCluster)
      return exhausted("there are too many watchers");
    if (this.#snapshotBytes + bytes > this.#limits.snapshotBytes && this.#snapshotBytes > 0)
      return exhausted("too many watchers are slow to read");
    this.#byCluster.set(clusterId, cluster);
    this.#count++;
    this.#snapshotBytes += bytes;
    const watcher = new Watcher(call, this.#limits.queued, {
      onRead: () => (this.#snapshotBytes -= bytes),
      onEnd: () => this.#remove(clusterId, watcher),
    });
    cluster.add(watcher);
    watcher.start(snapshot);
    return undefined;
  }

  tell(clusterId: string, change: Change): void {
    for (const watcher of this.#byCluster.get(clusterId) ?? []) watcher.tell(change);
  }

  endAll(code: status, details: string): void {
    for (const cluster of this.#byCluster.values()) for (const watcher of cluster) watcher.end(code, details);
  }

  #remove(clusterId: string, watcher: Watcher): void {
    const cluster = this.#byCluster.get(clusterId);
    if (!cluster?.delete(watcher)) return;
    this.#count--;
    if (cluster.size === 0) this.#byCluster.delete(clusterId);
  }
}

interface WatcherEvents {
  /** Called once: the snapshot needs no memory of ours any more. */
  onRead(): void;
  /** Called once: the watcher is to be told nothing more. */
  onEnd(): void;
}

/**
 * One message at a time is with the library; what waits for it is kept here, the newest for each affiliate, so that
 * a slow reader costs little and misses nothing but steps in between.
 */
class Watcher {
  readonly #call: WatchCall;
  readonly #mostQueued: number;
  readonly #events: WatcherEvents;
  readonly #queue = new Map<string, Change>();
  #isWriting = false;
  #hasRead = false;
  #hasEnded = false;

  constructor(call: WatchCall, mostQueued: number, events: WatcherEvents) {
    this.#call = call;
    this.#mostQueued = mostQueued;
    this.#events = events;
    call.on("cancelled", () => {
      this.#forget();
      this.#read();
    });
  }

  start(snapshot: readonly Envelope[]): void {
    this.#write({ affiliates: snapshot.map(affiliateMessage), deleted: false });
  }

  tell(change: Change): void {
    const id = change.kind === "deleted" ? change.id : change.affiliate.id;
    this.#queue.delete(id); // so that it goes to the end
    this.#queue.set(id, change);
    if (!this.#isWriting) this.#writeNext();
    else if (this.#queue.size > this.#mostQueued)
      this.end(status.ABORTED, "reads too slowly: start again with a new snapshot");
  }

  end(code: status, details: string): void {
    if (this.#hasEnded) return;
    this.#forget();
    this.#call.emit("error", grpcError(code, details)); // how the library ends a stream with a status
  }

  #write(message: WatchResponse): void {
    this.#isWriting = true;
    this.#call.write(message, () => {
      this.#isWriting = false;
      this.#read();
      this.#writeNext();
    });
  }

  #writeNext(): void {
    const [next] = this.#queue;
    if (!next || this.#hasEnded) return;
    const [id, change] = next;
    this.#queue.delete(id);
    this.#write(
      change.kind === "deleted"
        ? { affiliates: [affiliateMessage({ id, data: new Uint8Array(), endpoints: [] })], deleted: true }
        : { affiliates: [affiliateMessage(change.affiliate)], deleted: false },
    );
  }

  #read(): void {
    if (this.#hasRead) return;
    this.#hasRead = true;
    this.#events.onRead();
  }

  #forget(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#queue.clear();
    this.#events.onEnd();
  }
}
