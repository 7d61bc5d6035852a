/** The pace of looks at what others changed, in milliseconds. */
interface Pace {
  /** The time between a change and a look, as changes come in bursts. */
  readonly settleTimeMs: number;
  readonly shortestIntervalMs: number;
  /** The time after which there is a look without a known change, as not every change is announced. */
  readonly longestIntervalMs: number;
}

/** Looks at something: soon after the start, after changes, and now and then. One look runs at a time. */
export class Paced {
  readonly #pace: Pace;
  readonly #look: () => Promise<void>;
  #timer: NodeJS.Timeout | undefined;
  #dueAt = Number.POSITIVE_INFINITY;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | undefined;
  #isStopped = false;
  /** Whether there was a change that no look has seen, as before the first one. */
  #isBehind = true;

  constructor(pace: Pace, look: () => Promise<void>) {
    this.#pace = pace;
    this.#look = look;
    this.#arm(pace.settleTimeMs);
  }

  /** Asks for a look after a change: soon, but not often. */
  request(): void {
    this.#isBehind = true;
    const { settleTimeMs, shortestIntervalMs } = this.#pace;
    this.#arm(Math.max(settleTimeMs, this.#lookedAt + shortestIntervalMs - performance.now()));
  }

  /** Looks at once if there was a change since the last look, or if that is older than `mostMs`. */
  async catchUp(mostMs = Number.POSITIVE_INFINITY): Promise<void> {
    if (this.#isBehind || performance.now() - this.#lookedAt > mostMs) this.#arm(0);
    if (this.#dueAt <= performance.now()) this.#due();
    await this.#running;
  }

  /** Ends the looks; resolves when none runs any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #arm(delayMs: number): void {
    const dueAt = performance.now() + delayMs;
    if (this.#isStopped || this.#dueAt <= dueAt) return;
    clearTimeout(this.#timer);
    this.#dueAt = dueAt;
    this.#timer = setTimeout(() => this.#due(), delayMs);
  }

  #due(): void {
    clearTimeout(this.#timer);
    this.#dueAt = Number.POSITIVE_INFINITY;
    this.#running = (this.#running ?? Promise.resolve()).then(() => this.#lookNow());
  }

  async #lookNow(): Promise<void> {
    if (this.#isStopped) return;
    this.#isBehind = false;
    await this.#look();
    this.#lookedAt = performance.now();
    this.#arm(this.#pace.longestIntervalMs);
  }
}
