import { join } from "node:path";
import type { Logger } from "pino";
import { z } from "zod";
import { errorText, readJson, valueOf } from "../../base/index.ts";
import { readTextFile, writeAtomically } from "../../system/index.ts";

const stored = z.strictObject({ version: z.literal(1), number: z.int().nonnegative() });
const largestFile = 1024;

/**
 * The number of this node's last announcement, beside its identity. It outlives a clock that was set back: others refuse
 * what is older than they have heard.
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

  /** The highest number that was kept; 0 if none was. */
  get number(): number {
    return this.#number;
  }

  /** Is on disk before anybody hears the number. A disk that fails costs a warning: the clock is nearly as good. */
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
