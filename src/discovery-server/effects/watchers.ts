import { setTimeout as delay } from "node:timers/promises";
import { type ServerWritableStream, status } from "@grpc/grpc-js";
import type { Envelope } from "../../discovery/envelope.ts";
import type { WatchRequest, WatchResponse } from "../../discovery/wire/generated/server.ts";
import type { Change } from "../cluster-state.ts";
import { exhausted, type Refusal } from "../refusal.ts";
import { affiliateMessage, envelopeBytes, grpcError } from "./messages.ts";

const stopping = "the service is stopping: watch another one, or this one again in a moment";
const sliceMs = 50;

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
  #cutOff = 0;
  #isEnding = false;

  constructor(limits: WatcherLimits) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#count;
  }

  /** How many have been cut off since the start because they read too slowly. */
  get cutOff(): number {
    return this.#cutOff;
  }

  add(clusterId: string, call: WatchCall, snapshot: readonly Envelope[]): Refusal | undefined {
    const bytes = snapshot.reduce((sum, affiliate) => sum + envelopeBytes(affiliate), 0);
    const cluster = this.#byCluster.get(clusterId) ?? new Set();
    if (this.#isEnding) return { refused: "UNAVAILABLE", reason: stopping };
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
      onCutOff: () => this.#cutOff++,
    });
    cluster.add(watcher);
    watcher.start(snapshot);
    return undefined;
  }

  tell(clusterId: string, change: Change): void {
    for (const watcher of this.#byCluster.get(clusterId) ?? []) watcher.tell(change);
  }

  /**
   * Takes no more and sends all of them elsewhere, spread over the time so that they do not arrive there as one crowd:
   * `perWatcherMs` each, `mostMs` at most.
   */
  async endAll(perWatcherMs: number, mostMs: number): Promise<void> {
    this.#isEnding = true;
    const watchers = [...this.#byCluster.values()].flatMap((cluster) => [...cluster]);
    const slices = Math.ceil(Math.min(mostMs, watchers.length * perWatcherMs) / sliceMs) || 1;
    const size = Math.ceil(watchers.length / slices);
    for (let from = 0; from < watchers.length; from += size) {
      if (from > 0) await delay(sliceMs);
      for (const watcher of watchers.slice(from, from + size)) watcher.end(status.UNAVAILABLE, stopping);
    }
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
  /** Called before, if it is because it reads too slowly. */
  onCutOff(): void;
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
    else if (this.#queue.size > this.#mostQueued) this.#cutOff();
  }

  #cutOff(): void {
    if (!this.#hasEnded) this.#events.onCutOff();
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
