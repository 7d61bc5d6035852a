/** Lets one waiter sleep until it is woken, a time has passed, or it is told to stop. */
export class Wake {
  #awake = false;
  #resume: (() => void) | undefined;

  /** Ends the current wait, or the next one at once. */
  notify(): void {
    this.#awake = true;
    this.#resume?.();
  }

  async wait(forMs: number, signal: AbortSignal): Promise<void> {
    if (!this.#awake && !signal.aborted) await this.#sleep(forMs, signal);
    this.#awake = false;
  }

  #sleep(forMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        this.#resume = undefined;
        resolve();
      };
      const timer = setTimeout(end, forMs);
      signal.addEventListener("abort", end);
      this.#resume = end;
    });
  }
}

/** Waits for so many milliseconds, or until it is told to stop. */
export const pause = (forMs: number, signal: AbortSignal): Promise<void> => new Wake().wait(forMs, signal);
