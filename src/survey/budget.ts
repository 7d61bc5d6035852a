/** The work that a second allows; what is more is refused, whoever asks for it. */
export class Budget {
  readonly #mostEachSecond: number;
  #second = Number.NaN;
  #left = 0;

  constructor(mostEachSecond: number) {
    this.#mostEachSecond = mostEachSecond;
  }

  /** Tells whether one more may be done at this time, and counts it. */
  take(now: number): boolean {
    const second = Math.floor(now / 1000);
    if (second !== this.#second) [this.#second, this.#left] = [second, this.#mostEachSecond];
    return this.#left-- > 0;
  }
}
