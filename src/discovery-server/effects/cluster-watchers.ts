import type { Envelope } from "../../discovery/index.ts";
import { ChangeLog } from "../change-log.ts";
import { type Change, envelopeSize } from "../cluster-state.ts";
import { sharedMessage } from "../frame.ts";
import { gatherMs, isShared } from "../gather.ts";
import { snapshotMessage } from "./messages.ts";
import type { Start, Watcher } from "./watcher.ts";

/**
 * What fits into one message of changes: one or two chunks of the outlet. The size is that of envelopes with what
 * surrounds them in memory, which is more than their bytes.
 */
const messageLimits = { affiliates: 256, bytes: 256 * 1024 } as const;

/**
 * The watchers of one cluster. A change after a quiet moment is told at once. While many follow each other, as when all
 * nodes of a large cluster start, they are gathered, so that each watcher gets a few messages in place of thousands;
 * and the watchers who come in such a moment get one snapshot, and what changed since.
 */
export class ClusterWatchers {
  readonly #watchers = new Set<Watcher>();
  /** The number of changes that may wait for one watcher. One that falls further behind is cut off. */
  readonly #mostWaiting: number;
  readonly log = new ChangeLog(messageLimits, sizeOf);
  #toldAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  /** The snapshot for those who come now. */
  #start: Start | undefined;
  #startTimer: NodeJS.Timeout | undefined;

  constructor(mostWaiting: number) {
    this.#mostWaiting = mostWaiting;
  }

  get size(): number {
    return this.#watchers.size;
  }

  get all(): Iterable<Watcher> {
    return this.#watchers;
  }

  add(watcher: Watcher): void {
    this.#watchers.add(watcher);
  }

  remove(watcher: Watcher): void {
    this.#watchers.delete(watcher);
    if (this.#watchers.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    clearTimeout(this.#startTimer);
    this.#start = undefined;
  }

  /** What a new watcher is told first. */
  startWith(snapshot: readonly Envelope[]): Start {
    if (this.#start) return this.#start;
    const [message, position] = [snapshotMessage(snapshot), this.log.end];
    const forMs = gatherMs(this.#watchers.size);
    if (!isShared(forMs)) return { message, position };
    this.#start = { message: sharedMessage(message), position };
    this.#startTimer = setTimeout(() => (this.#start = undefined), forMs);
    return this.#start;
  }

  tell(change: Change): void {
    this.log.append(change);
    if (this.#timer) return;
    const waitMs = this.#toldAt + gatherMs(this.#watchers.size) - performance.now();
    if (waitMs <= 0) this.#tellAll();
    else this.#timer = setTimeout(() => this.#tellAll(), waitMs);
  }

  #tellAll(): void {
    this.#timer = undefined;
    this.#toldAt = performance.now();
    this.log.publish(() => this.#oldestPosition());
    for (const watcher of this.#watchers)
      if (watcher.isReading && this.#isFarBehind(watcher))
        watcher.cutOff("reads too slowly: start again with a new snapshot");
      else watcher.wake();
  }

  #oldestPosition(): number {
    let oldest = this.#start?.position ?? Number.POSITIVE_INFINITY;
    for (const { position } of this.#watchers) oldest = Math.min(oldest, position);
    return oldest;
  }

  #isFarBehind({ position }: Watcher): boolean {
    const most = this.#mostWaiting;
    return this.log.end - position > most && this.log.waiting(position) > most;
  }
}

const sizeOf = (change: Change): number => (change.kind === "deleted" ? 0 : envelopeSize(change.affiliate));
