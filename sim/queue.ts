interface Entry<Item> {
  readonly at: number;
  readonly order: number;
  readonly item: Item;
}

const isBefore = (left: Entry<unknown>, right: Entry<unknown>): boolean =>
  left.at < right.at || (left.at === right.at && left.order < right.order);

/** Items in the order of their times; what falls together, in the order in which it came (a binary heap). */
export class Queue<Item> {
  readonly #heap: Entry<Item>[] = [];
  #count = 0;

  get first(): Entry<Item> | undefined {
    return this.#heap[0];
  }

  push(at: number, item: Item): void {
    const entry = { at, order: this.#count++, item };
    const heap = this.#heap;
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (!above || !isBefore(entry, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = entry;
  }

  /** Takes the first one away. */
  pop(): void {
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
