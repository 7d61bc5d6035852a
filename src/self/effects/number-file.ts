import { join } from "node:path";
import type { Logger } from "pino";
import { z } from "zod";
import { errorText, readJson, valueOf } from "../../base/index.ts";
import { readTextFile, writeAtomically } from "../../system/index.ts";

const stored = z.strictObject({ version: z.literal(1), number: z.int().nonnegative() });
const largestFile = 1024;

/**
 * The file, beside the identity, with the number of this node's last announcement. It survives a clock that is set
 * back: other nodes refuse a number that is lower than one they have seen.
 */
export class NumberFile {
  readonly #path: string;
  readonly #log: Logger;
  #number: number;

  static async open(stateDirectory: string, log: Logger): Promise<NumberFile> {
    const path = join(stateDirectory, "announced.json");
    return new NumberFile(path, log, await read(path, log));
  }

  private constructor(path: string, log: Logger, number: number) {
    this.#path = path;
    this.#log = log;
    this.#number = number;
  }

  /** The highest number in the file; 0 if there is none. */
  get number(): number {
    return this.#number;
  }

  /**
   * Writes a number to disk before it is announced. A disk that fails costs a warning only, since the clock is nearly
   * as good a source.
   */
  async keep(number: number): Promise<void> {
    if (number <= this.#number) return;
    this.#number = number;
    const text = `${JSON.stringify({ version: 1, number })}\n`;
    await writeAtomically(this.#path, text, { mode: 0o600 }).catch((error: unknown) =>
      this.#log.warn(errorText(error)),
    );
  }
}

async function read(path: string, log: Logger): Promise<number> {
  try {
    const hint = "it is written anew; this node's clock stands in for it";
    const found = await readTextFile(path, { largest: largestFile, code: "state", hint });
    if (!found) return 0;
    const kept = valueOf(readJson(found.text, stored));
    if (!kept) log.warn(`${path} is damaged: ${hint}`);
    return kept?.number ?? 0;
  } catch (error) {
    log.warn(errorText(error));
    return 0;
  }
}
