interface Waiting<Item> {
  readonly item: Item;
  readonly bytes: number;
}

interface Lane<Item> {
  waiting: Waiting<Item>[];
  bytes: number;
  /** The bytes that this lane may still send in this round. */
  credit: number;
}

interface FairQueueLimits {
  /** The number of bytes that may wait in one lane. Beyond it, the oldest items are dropped. */
  readonly laneBytes: number;
  /** The number of bytes that a lane may send in one round. It is at least the size of the largest item. */
  readonly roundBytes: number;
}

/**
 * Items that wait in lanes of equal right (deficit round robin). However much one lane has, another waits for one round
 * at most, so that a cluster that sends much delays no other.
 */
export class FairQueue<Item> {
  readonly #limits: FairQueueLimits;
  /** The lanes in which something waits, the next one first. */
  readonly #lanes = new Map<string, Lane<Item>>();

  constructor(limits: FairQueueLimits) {
    this.#limits = limits;
  }

  get lanes(): number {
    return this.#lanes.size;
  }

  /** Adds an item; gives the number of items of its lane that were dropped for it. */
  push(name: string, item: Item, bytes: number): number {
    const lane = this.#lanes.get(name) ?? { waiting: [], bytes: 0, credit: this.#limits.roundBytes };
    this.#lanes.set(name, lane);
    lane.waiting.push({ item, bytes });
    lane.bytes += bytes;
    let dropped = 0;
    while (lane.bytes > this.#limits.laneBytes && dropped < lane.waiting.length - 1)
      lane.bytes -= lane.waiting[dropped++]?.bytes ?? 0;
    lane.waiting.splice(0, dropped);
    return dropped;
  }

  /** Takes out the item whose turn it is; `undefined` if nothing waits. */
  shift(): Item | undefined {
    for (;;) {
      const [first] = this.#lanes;
      if (!first) return undefined;
      const [name, lane] = first;
      const [next] = lane.waiting;
      if (next && next.bytes <= lane.credit) {
        lane.waiting.shift();
        lane.bytes -= next.bytes;
        lane.credit -= next.bytes;
        if (lane.waiting.length === 0) this.#lanes.delete(name);
        return next.item;
      }
      this.#lanes.delete(name);
      if (!next) continue;
      lane.credit += this.#limits.roundBytes;
      this.#lanes.set(name, lane); // it stands at the end of the line now
    }
  }
}
