/** Milliseconds without work before memory is given back: what comes in bursts is not interrupted. */
const quiet = 10_000;
/** How much more than after the last time is worth the tenth of a second that it takes, in bytes. */
const worthwhile = 16 * 1024 * 1024;

/**
 * Gives memory back to the machine when work has ended. V8 keeps the pages that a burst needed (10 to 25 MB with a
 * thousand peers); a collection of the kind that it does for fear of running out returns them, and moves what is left
 * together. Without Node's `--expose-gc`, which bin/kubespan sets, nothing happens.
 */
export class SpareMemory {
  #timer: NodeJS.Timeout | undefined;
  /** In use after the last time, in bytes. */
  #floor = 0;

  /** Work was done that may have left garbage. */
  worked(): void {
    this.#timer = this.#timer?.refresh() ?? setTimeout(() => this.#giveBack(), quiet).unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #giveBack(): void {
    if (!globalThis.gc || process.memoryUsage.rss() - this.#floor < worthwhile) return;
    globalThis.gc({ type: "major", execution: "sync", flavor: "last-resort" });
    this.#floor = process.memoryUsage.rss();
  }
}
