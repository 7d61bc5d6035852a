/** What differs between two messages about the same failure: times, durations and addresses of memory. */
const passing = /\d{4}-\d\d-\d\dT[\d:.]+Z?|\b\d+(?:\.\d+)?\s?(?:ms|s|m\d+s|h\d+m)\b|\b[0-9A-F]{12,16}\b/g;

/** The number of kinds that are remembered; foreign texts must not fill the memory. */
const most = 64;

/**
 * Remembers what the log was told, so that a failure that repeats is said once. Two failures are of one kind when their
 * texts differ in times only.
 */
export class Said {
  readonly #kinds = new Set<string>();

  /** Tells whether this is news, and remembers it. */
  isNews(text: string): boolean {
    const kind = text.replace(passing, "#");
    if (this.#kinds.has(kind)) return false;
    const [oldest] = this.#kinds;
    if (this.#kinds.size >= most && oldest !== undefined) this.#kinds.delete(oldest);
    this.#kinds.add(kind);
    return true;
  }

  /** Begins anew after a success: a failure that comes back is news. */
  forget(): void {
    this.#kinds.clear();
  }
}
