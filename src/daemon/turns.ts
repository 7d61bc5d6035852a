/** Runs work that must not happen at the same time one after the other, in the order in which it was asked for. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs work in its turn. Resolves or rejects as the work does. */
  next<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined); // the caller hears of a failure
    return turn;
  }
}
