import { type Change, idOfChange } from "./cluster-state.ts";

/** Changes that fit into one message, in which all affiliates are updated or all are deleted. */
export interface Batch {
  readonly changes: readonly Change[];
  /** The position after them. */
  readonly next: number;
}

interface Entry {
  readonly position: number;
  readonly size: number;
  /** Absent once a later entry is about the same affiliate. */
  change: Change | undefined;
}

export interface BatchLimits {
  readonly affiliates: number;
  readonly bytes: number;
}

/** The number of superseded entries that are not worth the effort of leaving them out. */
const fewEntries = 32;

/**
 * The changes of one cluster, for watchers of which each has a position in it: whoever is behind costs a number, and
 * those at one position are told the same. Only the newest change of each affiliate is kept. Changes are told when they
 * are published, and until then nobody gets them.
 */
export class ChangeLog {
  readonly #limits: BatchLimits;
  readonly #sizeOf: (change: Change) => number;
  #entries: Entry[] = [];
  readonly #newest = new Map<string, Entry>();
  readonly #batches = new Map<number, Batch>();
  #end = 0;
  #published = 0;
  #mostEntries = fewEntries;

  constructor(limits: BatchLimits, sizeOf: (change: Change) => number) {
    this.#limits = limits;
    this.#sizeOf = sizeOf;
  }

  /** The position after the last change. */
  get end(): number {
    return this.#end;
  }

  append(change: Change): void {
    const id = idOfChange(change);
    const before = this.#newest.get(id);
    if (before) before.change = undefined;
    const entry = { position: this.#end++, size: this.#sizeOf(change), change };
    this.#entries.push(entry);
    this.#newest.set(id, entry);
  }

  /** Publishes all changes. `oldest` gives the position of the watcher that is furthest behind. */
  publish(oldest: () => number): void {
    this.#batches.clear();
    this.#published = this.#end;
    if (this.#entries.length <= this.#mostEntries) return;
    const from = oldest();
    this.#entries = this.#entries.filter((entry) => {
      if (entry.change && entry.position >= from) return true;
      if (entry.change) this.#newest.delete(idOfChange(entry.change));
      return false;
    });
    this.#mostEntries = 2 * this.#entries.length + fewEntries;
  }

  /** The next changes for a watcher at this position; `undefined` if it has been told all that is published. */
  after(position: number): Batch | undefined {
    if (position >= this.#published) return undefined;
    const known = this.#batches.get(position);
    if (known) return known;
    const batch = this.#batchAfter(position);
    this.#batches.set(position, batch);
    return batch;
  }

  /** The number of changes that wait for a watcher at this position. */
  waiting(position: number): number {
    let count = 0;
    for (let index = this.#indexOf(position); index < this.#entries.length; index++)
      if (this.#entries[index]?.change) count++;
    return count;
  }

  #batchAfter(position: number): Batch {
    const changes: Change[] = [];
    let bytes = 0;
    for (let index = this.#indexOf(position); index < this.#entries.length; index++) {
      const entry = this.#entries[index];
      if (!entry || entry.position >= this.#published) break;
      if (!entry.change) continue;
      bytes += entry.size;
      const isFull = changes.length === this.#limits.affiliates || bytes > this.#limits.bytes;
      const isOther = changes[0] && changes[0].kind !== entry.change.kind;
      if (changes.length > 0 && (isFull || isOther)) return { changes, next: entry.position };
      changes.push(entry.change);
    }
    return { changes, next: this.#published };
  }

  /** The index of the first entry that is not before this position. */
  #indexOf(position: number): number {
    let [low, high] = [0, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle]?.position ?? 0) < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
