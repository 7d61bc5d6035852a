/**
 * A timer that calls once, when the next item expires, so that nothing has to be polled. Times are those of
 * `performance.now`.
 */
export class ExpiryTimer {
  readonly #onDue: () => void;
  #timer: NodeJS.Timeout | undefined;
  #at = Number.POSITIVE_INFINITY;

  constructor(onDue: () => void) {
    this.#onDue = onDue;
  }

  /** Sets the timer to `at`, unless it is set to an earlier time. */
  dueAt(at: number): void {
    if (at >= this.#at) return;
    this.stop();
    this.#at = at;
    this.#timer = setTimeout(
      () => {
        this.stop();
        this.#onDue();
      },
      Math.max(1, Math.ceil(at - performance.now())),
    );
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#at = Number.POSITIVE_INFINITY;
  }
}
