import { setTimeout as delay } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import type { Envelope } from "../../discovery/index.ts";
import type { Change } from "../cluster-state.ts";
import { Floor } from "../floor.ts";
import { exhausted, type Refusal } from "../refusal.ts";
import { type ShareLimits, Shares } from "../shares.ts";
import type { Call } from "./call.ts";
import { ClusterWatchers } from "./cluster-watchers.ts";
import { Watcher } from "./watcher.ts";

const stopping = "the service is stopping: watch another one, or this one again in a moment";
const sliceMs = 50;

export interface WatcherLimits extends ShareLimits {
  /** The number of affiliates that may wait for one watcher. A watcher that falls further behind is cut off. */
  readonly queued: number;
  readonly perCluster: number;
  /** The number of watchers that an established cluster keeps, whoever else watches. */
  readonly floor: number;
}

/** The watchers of all clusters. Each gets the snapshot, and then every change, as fast as it reads. */
export class Watchers {
  readonly #limits: WatcherLimits;
  readonly #byCluster = new Map<string, ClusterWatchers>();
  readonly #byCall = new Map<Call, Watcher>();
  readonly #shares: Shares<Call>;
  readonly #floor: Floor<Call>;
  #cutOff = 0;
  #isEnding = false;

  constructor(limits: WatcherLimits, isEstablished: (clusterId: string) => boolean) {
    this.#limits = limits;
    this.#floor = new Floor(limits.floor, isEstablished);
    this.#shares = new Shares<Call>(limits, { isKept: (call) => this.keeps(call), first: "newest" });
  }

  get count(): number {
    return this.#byCall.size;
  }

  /** The number of watchers cut off since the start, because they read too slowly or to make room. */
  get cutOff(): number {
    return this.#cutOff;
  }

  /** Tells whether an established cluster watches over a call. */
  keeps(call: Call): boolean {
    return this.#floor.keeps(call);
  }

  add(clusterId: string, call: Call, snapshot: readonly Envelope[]): Refusal | undefined {
    const cluster = this.#byCluster.get(clusterId) ?? new ClusterWatchers(this.#limits.queued);
    if (this.#isEnding) return { refused: "UNAVAILABLE", reason: stopping };
    if (cluster.size >= this.#limits.perCluster) return exhausted("there are too many watchers");
    const { holder } = call.caller;
    const cut = this.#shares.room(holder, 1, this.#floor.holds(clusterId, 1));
    if (!cut) return exhausted("this address has its share of the watchers");
    for (const each of cut)
      this.#byCall.get(each)?.cutOff("others have a right to watch, too: watch again later");
    this.#byCluster.set(clusterId, cluster);
    const watcher = new Watcher(call, cluster.log, {
      onEnd: () => this.#remove(clusterId, watcher, call),
      onCutOff: () => this.#cutOff++,
    });
    this.#shares.set(call, holder, 1);
    this.#floor.set(call, clusterId, 1);
    this.#byCall.set(call, watcher);
    const start = cluster.startWith(snapshot);
    cluster.add(watcher);
    watcher.start(start);
    return undefined;
  }

  tell(clusterId: string, change: Change): void {
    this.#byCluster.get(clusterId)?.tell(change);
  }

  /**
   * Accepts no more watchers and disconnects all, spread over time so that they do not reach the next service as a
   * crowd: `perWatcherMs` each, `mostMs` at most.
   */
  async endAll(perWatcherMs: number, mostMs: number): Promise<void> {
    this.#isEnding = true;
    const watchers = [...this.#byCluster.values()].flatMap((cluster) => [...cluster.all]);
    const slices = Math.ceil(Math.min(mostMs, watchers.length * perWatcherMs) / sliceMs) || 1;
    const size = Math.ceil(watchers.length / slices);
    for (let from = 0; from < watchers.length; from += size) {
      if (from > 0) await delay(sliceMs);
      for (const watcher of watchers.slice(from, from + size)) watcher.end(status.UNAVAILABLE, stopping);
    }
  }

  #remove(clusterId: string, watcher: Watcher, call: Call): void {
    const cluster = this.#byCluster.get(clusterId);
    cluster?.remove(watcher);
    if (cluster?.size === 0) this.#byCluster.delete(clusterId);
    this.#byCall.delete(call);
    this.#shares.remove(call);
    this.#floor.remove(call);
  }
}
