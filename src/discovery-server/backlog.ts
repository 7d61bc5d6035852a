/** What may wait for a receiver. */
export interface BacklogLimits {
  /** For each, as long as there is room. */
  readonly each: number;
  /** For one whose holder has more than his share where there is none. */
  readonly few: number;
  /** For all together before that is so. */
  readonly inAll: number;
}

/**
 * The number of packets that wait for the receivers of each holder. When too much waits in all, only those are cut short whose holder has
 * more than an equal share of it: whoever lets much wait takes nothing from others.
 */
export class Backlog {
  readonly #limits: BacklogLimits;
  readonly #waiting = new Map<string, number>();
  #total = 0;

  constructor(limits: BacklogLimits) {
    this.#limits = limits;
  }

  get total(): number {
    return this.#total;
  }

  /** Notes that so much more waits for a receiver of this holder, or less if negative. */
  change(holder: string, by: number): void {
    const waiting = (this.#waiting.get(holder) ?? 0) + by;
    this.#total += by;
    if (waiting > 0) this.#waiting.set(holder, waiting);
    else this.#waiting.delete(holder);
  }

  /** The number that may wait for one receiver of this holder now. */
  mostFor(holder: string): number {
    const { each, few, inAll } = this.#limits;
    if (this.#total <= inAll) return each;
    return (this.#waiting.get(holder) ?? 0) > inAll / this.#waiting.size ? few : each;
  }
}
