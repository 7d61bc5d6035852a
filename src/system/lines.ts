const longestLine = 64 * 1024;

/** Cuts chunks of text into lines. Of a line that is too long, only the beginning is kept. */
export class Lines {
  #rest = "";

  /** Takes a chunk and gives the lines that end in it. */
  next(chunk: string): string[] {
    const lines = (this.#rest + chunk).split("\n");
    this.#rest = (lines.pop() ?? "").slice(0, longestLine);
    return lines;
  }

  /** The text after the last end of a line. */
  get rest(): string {
    return this.#rest;
  }
}
