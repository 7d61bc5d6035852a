/** Reasons are for people: a sender of a thousand bad items gets a handful of lines, not a thousand. */
const maxReasons = 8;

/** Collects why items were left out of something that is otherwise good. */
export class Dropped {
  readonly #reasons: string[] = [];
  #more = 0;

  add(reason: string): void {
    if (this.#reasons.length < maxReasons) this.#reasons.push(reason);
    else this.#more++;
  }

  reasons(): string[] {
    return this.#more === 0 ? [...this.#reasons] : [...this.#reasons, `and ${this.#more} more`];
  }
}
