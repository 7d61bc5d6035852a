/** Calls once when the next thing expires, and not before; nothing is polled. Times are those of `performance.now`. */
export class ExpiryTimer {
  readonly #onDue: () => void;
  #timer: NodeJS.Timeout | undefined;
  #at = Number.POSITIVE_INFINITY;

  constructor(onDue: () => void) {
    this.#onDue = onDue;
  }

  /** It is due at `at`, or earlier if that was said before. */
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
