import { Queue } from "./queue.ts";

/** The start of a simulation in milliseconds since 1970. */
const start = 1_700_000_000_000;

/** Virtual time: what is to happen, in order; what falls together, in the order in which it was asked for. */
export class Clock {
  now = start;
  readonly #events = new Queue<() => void>();

  get elapsed(): number {
    return this.now - start;
  }

  after(ms: number, act: () => void): void {
    this.#events.push(this.now + Math.max(0, ms), act);
  }

  /** Until nothing is left, `until` ms have passed since the start, or `isDone` says so (asked once a second). */
  run(until: number, isDone: () => boolean): void {
    let asked = 0;
    for (let next = this.#events.first; next && next.at <= start + until; next = this.#events.first) {
      this.#events.pop();
      this.now = next.at;
      next.item();
      if (this.elapsed - asked < 1000) continue;
      asked = this.elapsed;
      if (isDone()) return;
    }
  }
}
