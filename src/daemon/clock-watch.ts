/** Notices that somebody set this node's clock. */
export class ClockWatch {
  readonly #ticks: (() => number) | undefined;
  #last: { readonly now: number; readonly ticks: number } | undefined;

  /** `ticks` are the milliseconds of a clock that nobody sets. Without it, nothing is noticed. */
  constructor(ticks: (() => number) | undefined) {
    this.#ticks = ticks;
  }

  /** The milliseconds by which the clock, which shows `now`, was set since it was last looked at. */
  setByMs(now: number): number {
    const ticks = this.#ticks?.();
    if (ticks === undefined) return 0;
    const last = this.#last;
    this.#last = { now, ticks };
    return last ? now - last.now - (ticks - last.ticks) : 0;
  }
}
