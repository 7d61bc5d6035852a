import { join } from "node:path";
import type { Logger } from "pino";
import { errorText } from "../../base/index.ts";
import type { Endpoint } from "../../net/index.ts";
import { readTextFile, removeStateFile, writeAtomically } from "../../system/index.ts";
import {
  lastWorkingText,
  mostLastWorking,
  mostReached,
  parseLastWorking,
  parseReached,
  type Reached,
} from "../index.ts";

/** The disk is written no more often than this, in milliseconds, however often a peer moves. */
const leastBetween = 10_000;
/** A key and an endpoint need some hundred bytes, and eight addresses of a key no more than five hundred. */
const largest = mostLastWorking * 128 + mostReached * 512;

const fileIn = (stateDirectory: string): string => join(stateDirectory, "endpoints.json");

/** What is kept, as the mesh remembers it. */
interface Remembered {
  readonly lastWorking: ReadonlyMap<string, Endpoint>;
  readonly reached: Reached;
}

/** The endpoint at which each peer was last connected, and where it ever was nearby, kept for the next start. A file that cannot be used costs a warning, nothing else. */
export class LastWorkingFile {
  readonly #path: string;
  readonly #log: Logger;
  readonly #clock: () => number;
  #written: Remembered;
  #writtenAt = Number.NEGATIVE_INFINITY;
  /** What was found at the start. */
  readonly found: Remembered;

  static async open(stateDirectory: string, log: Logger, clock: () => number): Promise<LastWorkingFile> {
    const path = fileIn(stateDirectory);
    return new LastWorkingFile(path, log, clock, await read(path, log));
  }

  private constructor(path: string, log: Logger, clock: () => number, found: Remembered) {
    this.#path = path;
    this.#log = log;
    this.#clock = clock;
    this.#written = found;
    this.found = found;
  }

  /** Writes what is new, unless that was done a moment ago; with `now`, in any case. */
  async keep({ lastWorking, reached }: Remembered, now = false): Promise<void> {
    const at = this.#clock();
    const isSame = lastWorking === this.#written.lastWorking && reached === this.#written.reached;
    if (isSame || (!now && at - this.#writtenAt < leastBetween)) return;
    this.#written = { lastWorking, reached };
    this.#writtenAt = at;
    try {
      await writeAtomically(this.#path, lastWorkingText(lastWorking, reached), { mode: 0o600 });
    } catch (error) {
      this.#log.warn(errorText(error));
    }
  }
}

export const forgetLastWorking = async (stateDirectory: string): Promise<void> =>
  void (await removeStateFile(fileIn(stateDirectory)));

async function read(path: string, log: Logger): Promise<Remembered> {
  const hint = "it is only used to dial the endpoint that worked last first";
  try {
    const file = await readTextFile(path, { largest, code: "state", hint });
    const lastWorking = file && parseLastWorking(file.text);
    if (file && !lastWorking) log.warn(`${path} is damaged and was left aside: ${hint}`);
    return { lastWorking: lastWorking ?? new Map(), reached: file ? parseReached(file.text) : new Map() };
  } catch (error) {
    log.warn(errorText(error));
    return { lastWorking: new Map(), reached: new Map() };
  }
}
