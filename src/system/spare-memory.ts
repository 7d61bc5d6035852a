import { type Collect, thrifty } from "./thrifty.ts";

/** The milliseconds without work after which memory is given back, so that bursts are not interrupted. */
const quiet = 10_000;
/** The growth in bytes since the last time that makes a collection, which takes a tenth of a second, worthwhile. */
const worthwhile = 16 * 1024 * 1024;

/**
 * Gives memory back to the machine when work has ended. V8 keeps the pages that a burst needed (10 to 25 MB with a
 * thousand peers). A last-resort collection, which V8 otherwise does for fear of running out, returns them and compacts
 * the rest. From the first time on, V8 is thrifty as well.
 */
export class SpareMemory {
  readonly #thrifty: () => Collect;
  #collect: Collect | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** The memory in use after the last collection, in bytes. */
  #floor = 0;

  /** `becomeThrifty` is called once, and gives what collects garbage. */
  constructor(becomeThrifty = thrifty) {
    this.#thrifty = becomeThrifty;
  }

  /** Notes work that may have left garbage. */
  worked(): void {
    this.#timer = this.#timer?.refresh() ?? setTimeout(() => this.#giveBack(), quiet).unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #giveBack(): void {
    this.#collect ??= this.#thrifty();
    if (process.memoryUsage.rss() - this.#floor < worthwhile) return;
    this.#collect({ type: "major", execution: "sync", flavor: "last-resort" });
    this.#floor = process.memoryUsage.rss();
  }
}
