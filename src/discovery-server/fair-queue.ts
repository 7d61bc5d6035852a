interface Waiting<Item> {
  readonly item: Item;
  readonly bytes: number;
}

/** Whatever takes turns with others of its kind: a lane within its owner, and an owner among all. */
interface Turn {
  bytes: number;
  /** The bytes that this one may still send in this round. */
  credit: number;
}

interface Lane<Item> extends Turn {
  waiting: Waiting<Item>[];
}

interface Owner<Item> extends Turn {
  /** The lanes in which something waits, the next one first. */
  readonly lanes: Map<string, Lane<Item>>;
}

export interface FairQueueLimits {
  /** The number of bytes that may wait in one lane. Beyond it, the oldest items are dropped. */
  readonly laneBytes: number;
  /** The number of bytes that may wait in all. Beyond it, whoever has most loses the older half of its longest lane. */
  readonly bytes: number;
  /** The number of bytes that a lane, or an owner, may send in one round. It is at least the size of the largest item. */
  readonly roundBytes: number;
}

/**
 * Items that wait in lanes (deficit round robin). First the owners take turns, and then the lanes of each, so that nobody
 * gets more by opening more lanes. However much one owner has, another waits for one round at most.
 */
export class FairQueue<Item> {
  readonly #limits: FairQueueLimits;
  /** The owners of whom something waits, the next one first. */
  readonly #owners = new Map<string, Owner<Item>>();
  #bytes = 0;

  constructor(limits: FairQueueLimits) {
    this.#limits = limits;
  }

  /** The bytes that wait in all. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds an item; gives the number of items that were dropped for it, of whomever they were. */
  push(ownerName: string, laneName: string, item: Item, bytes: number): number {
    const credit = this.#limits.roundBytes;
    const owner = this.#owners.get(ownerName) ?? { lanes: new Map<string, Lane<Item>>(), bytes: 0, credit };
    const lane = owner.lanes.get(laneName) ?? { waiting: [], bytes: 0, credit };
    this.#owners.set(ownerName, owner);
    owner.lanes.set(laneName, lane);
    lane.waiting.push({ item, bytes });
    this.#count(owner, lane, bytes);
    let tooMany = 0;
    for (let left = lane.bytes; left > this.#limits.laneBytes && tooMany < lane.waiting.length - 1; tooMany++)
      left -= lane.waiting[tooMany]?.bytes ?? 0;
    this.#takeOut(ownerName, laneName, tooMany);
    let dropped = tooMany;
    while (this.#bytes > this.#limits.bytes) dropped += this.#dropOfMost();
    return dropped;
  }

  /** Takes out the item whose turn it is; `undefined` if nothing waits. */
  shift(): Item | undefined {
    const { roundBytes } = this.#limits;
    const next = (lane: Lane<Item>): number => lane.waiting[0]?.bytes ?? 0;
    const ofOwner = ({ lanes }: Owner<Item>): number => {
      const found = whoseTurn(lanes, next, roundBytes);
      return found ? next(found[1]) : 0;
    };
    const [ownerName, owner] = whoseTurn(this.#owners, ofOwner, roundBytes) ?? [];
    if (ownerName === undefined || !owner) return undefined;
    const [laneName, lane] = whoseTurn(owner.lanes, next, roundBytes) ?? [];
    if (laneName === undefined || !lane) return undefined;
    owner.credit -= next(lane);
    lane.credit -= next(lane);
    return this.#takeOut(ownerName, laneName, 1)[0]?.item;
  }

  /** Half a lane at a time, since looking for the longest one takes a while. */
  #dropOfMost(): number {
    const [ownerName, owner] = largest(this.#owners) ?? [];
    const [laneName, lane] = (owner && largest(owner.lanes)) ?? [];
    if (ownerName === undefined || laneName === undefined || !lane) return 0;
    return this.#takeOut(ownerName, laneName, Math.ceil(lane.waiting.length / 2)).length;
  }

  /** Takes the oldest out of a lane, and forgets the lane and its owner when nothing is left. */
  #takeOut(ownerName: string, laneName: string, count: number): Waiting<Item>[] {
    const owner = this.#owners.get(ownerName);
    const lane = owner?.lanes.get(laneName);
    if (!owner || !lane || count === 0) return [];
    const out = lane.waiting.splice(0, count);
    for (const { bytes } of out) this.#count(owner, lane, -bytes);
    if (lane.waiting.length === 0) owner.lanes.delete(laneName);
    if (owner.lanes.size === 0) this.#owners.delete(ownerName);
    return out;
  }

  #count(owner: Turn, lane: Turn, bytes: number): void {
    owner.bytes += bytes;
    lane.bytes += bytes;
    this.#bytes += bytes;
  }
}

/** The first whose credit is enough for what it would send. Those before get their credit for the next round. */
function whoseTurn<Taker extends Turn>(
  line: Map<string, Taker>,
  next: (taker: Taker) => number,
  roundBytes: number,
): readonly [string, Taker] | undefined {
  for (;;) {
    const [first] = line;
    if (!first) return undefined;
    const [name, taker] = first;
    if (next(taker) <= taker.credit) return first;
    line.delete(name);
    taker.credit += roundBytes;
    line.set(name, taker); // it stands at the end of the line now
  }
}

function largest<Taker extends Turn>(line: ReadonlyMap<string, Taker>): readonly [string, Taker] | undefined {
  let found: readonly [string, Taker] | undefined;
  for (const each of line) if (!found || each[1].bytes > found[1].bytes) found = each;
  return found;
}
