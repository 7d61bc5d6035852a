import { join } from "node:path";
import type { Logger } from "pino";
import { errorText } from "../../base/index.ts";
import { readTextFile, writeAtomically } from "../../system/index.ts";
import type { Operators, Roll } from "../index.ts";
import { largestRoll, parseRoll, rollText } from "../roll-text.ts";

/**
 * The file, beside the ledger, that keeps the evictions for the next start. It stays when the node leaves the mesh, so
 * that nobody is let in again when it comes back.
 */
export class RollFile {
  readonly #path: string;
  readonly #log: Logger;
  #writing: Promise<void> = Promise.resolve();
  /** The evictions that were found at the start. */
  readonly found: Roll;

  static async open(stateDirectory: string, operators: Operators, log: Logger): Promise<RollFile> {
    const path = join(stateDirectory, "evictions.json");
    return new RollFile(path, log, await read(path, operators, log));
  }

  private constructor(path: string, log: Logger, found: Roll) {
    this.#path = path;
    this.#log = log;
    this.found = found;
  }

  /** Writes the evictions, after those that are being written. */
  keep(roll: Roll): Promise<void> {
    this.#writing = this.#writing
      .then(() => writeAtomically(this.#path, rollText(roll), { mode: 0o600 }))
      .catch((error: unknown) =>
        this.#log.warn(`evictions are not kept for the next start: ${errorText(error)}`),
      );
    return this.#writing;
  }
}

async function read(path: string, operators: Operators, log: Logger): Promise<Roll> {
  const hint = "the evictions in it count again once another member tells of them";
  try {
    const file = await readTextFile(path, { largest: largestRoll, code: "state", hint });
    const roll = file && parseRoll(file.text, operators);
    if (file && !roll) log.warn(`${path} is damaged: ${hint}`);
    return roll ?? new Map();
  } catch (error) {
    log.warn(errorText(error));
    return new Map();
  }
}
