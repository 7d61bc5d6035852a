/** The last lines of the log, each with its number since the start. They are kept as they are and read by nobody until somebody asks. */
export class RecentLines {
  readonly #most: number;
  readonly #lines: { readonly number: number; readonly text: string }[] = [];
  #number = 0;

  constructor(most = 512) {
    this.#most = most;
  }

  add(text: string): void {
    this.#lines.push({ number: ++this.#number, text });
    if (this.#lines.length > this.#most) this.#lines.shift();
  }

  get all(): readonly { readonly number: number; readonly text: string }[] {
    return this.#lines;
  }
}
