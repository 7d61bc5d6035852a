interface Event {
  readonly at: number;
  readonly order: number;
  readonly act: () => void;
}

const isBefore = (left: Event, right: Event): boolean =>
  left.at < right.at || (left.at === right.at && left.order < right.order);

/** When a simulation begins, in milliseconds since 1970. */
const start = 1_700_000_000_000;

/** Virtual time: what is to happen, in order; what falls together, in the order in which it was asked for. */
export class Clock {
  now = start;
  #count = 0;
  readonly #heap: Event[] = [];

  get elapsed(): number {
    return this.now - start;
  }

  after(ms: number, act: () => void): void {
    this.#push({ at: this.now + Math.max(0, ms), order: this.#count++, act });
  }

  /** Until nothing is left, `until` ms have passed since the start, or `isDone` says so (asked once a second). */
  run(until: number, isDone: () => boolean): void {
    let asked = 0;
    for (let next = this.#heap[0]; next && next.at <= start + until; next = this.#heap[0]) {
      this.#pop();
      this.now = next.at;
      next.act();
      if (this.elapsed - asked < 1000) continue;
      asked = this.elapsed;
      if (isDone()) return;
    }
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let index = heap.push(event) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (!above || !isBefore(event, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let index = 0;
    for (;;) {
      const [left, right] = [heap[2 * index + 1], heap[2 * index + 2]];
      const smaller = left && right && isBefore(right, left) ? 2 * index + 2 : 2 * index + 1;
      const below = heap[smaller];
      if (!below || !isBefore(below, last)) break;
      heap[index] = below;
      index = smaller;
    }
    heap[index] = last;
  }
}
