/** Different names in the order of their characters, which stay in it as names come and go. */
export class SortedNames implements Iterable<string> {
  readonly #names: string[] = [];

  [Symbol.iterator](): Iterator<string> {
    return this.#names[Symbol.iterator]();
  }

  add(name: string): void {
    const at = this.#placeOf(name);
    if (this.#names[at] !== name) this.#names.splice(at, 0, name);
  }

  remove(name: string): void {
    const at = this.#placeOf(name);
    if (this.#names[at] === name) this.#names.splice(at, 1);
  }

  /** The number of names before this one. */
  #placeOf(name: string): number {
    let [low, high] = [0, this.#names.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#names[middle] ?? "") < name) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
