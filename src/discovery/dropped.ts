/**
 * The number of reasons that are kept. They are for people, so a sender of a thousand bad items causes a handful of
 * lines.
 */
const maxReasons = 8;

/** Collects the reasons why items were left out of something that is otherwise good. */
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
