/** The Nodes that have to be read whole, each once however often it changed, and when the next of them may be. */
export class Lookups {
  readonly #names = new Set<string>();
  readonly #burst: number;
  readonly #everyMs: () => number;
  /** The time at which all of the burst may be used again. */
  #restedAt = Number.NEGATIVE_INFINITY;

  /** Allows a burst of so many, and one in every so many milliseconds in the long run. */
  constructor(burst: number, everyMs: () => number) {
    this.#burst = burst;
    this.#everyMs = everyMs;
  }

  want(name: string): void {
    this.#names.add(name);
  }

  /** The milliseconds until the next one may be read; infinite if there is none. */
  dueInMs(now: number): number {
    if (this.#names.size === 0) return Number.POSITIVE_INFINITY;
    return Math.max(0, this.#restedAt - (this.#burst - 1) * this.#everyMs() - now);
  }

  /** Takes out the one that waited longest. */
  take(now: number): string | undefined {
    const [name] = this.#names;
    if (name === undefined) return undefined;
    this.#names.delete(name);
    this.#restedAt = Math.max(this.#restedAt, now) + this.#everyMs();
    return name;
  }
}
