const longestLine = 64 * 1024;

/** Cuts chunks of text into lines; of a line that is too long only the beginning is kept. */
export class Lines {
  #rest = "";

  /** The lines that the chunk ends. */
  next(chunk: string): string[] {
    const lines = (this.#rest + chunk).split("\n");
    this.#rest = (lines.pop() ?? "").slice(0, longestLine);
    return lines;
  }

  /** What came after the last end of a line. */
  get rest(): string {
    return this.#rest;
  }
}
