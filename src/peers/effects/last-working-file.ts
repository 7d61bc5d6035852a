import { join } from "node:path";
import type { Logger } from "pino";
import { errorText } from "../../base/index.ts";
import type { Endpoint } from "../../net/index.ts";
import { readTextFile, removeStateFile, writeAtomically } from "../../system/index.ts";
import { lastWorkingText, mostLastWorking, parseLastWorking } from "../index.ts";

type Endpoints = ReadonlyMap<string, Endpoint>;

/** The disk is written no more often than this, in milliseconds, however often a peer moves. */
const leastBetween = 10_000;
/** A key and an endpoint need some hundred bytes. */
const largest = mostLastWorking * 128;

const fileIn = (stateDirectory: string): string => join(stateDirectory, "endpoints.json");

/** The endpoint at which each peer was last connected, kept for the next start. A file that cannot be used costs a warning, nothing else. */
export class LastWorkingFile {
  readonly #path: string;
  readonly #log: Logger;
  readonly #clock: () => number;
  #written: Endpoints;
  #writtenAt = Number.NEGATIVE_INFINITY;
  /** The endpoints that were found at the start. */
  readonly found: Endpoints;

  static async open(stateDirectory: string, log: Logger, clock: () => number): Promise<LastWorkingFile> {
    const path = fileIn(stateDirectory);
    return new LastWorkingFile(path, log, clock, await read(path, log));
  }

  private constructor(path: string, log: Logger, clock: () => number, found: Endpoints) {
    this.#path = path;
    this.#log = log;
    this.#clock = clock;
    this.#written = found;
    this.found = found;
  }

  /** Writes what is new, unless that was done a moment ago; with `now`, in any case. */
  async keep(endpoints: Endpoints, now = false): Promise<void> {
    const at = this.#clock();
    if (endpoints === this.#written || (!now && at - this.#writtenAt < leastBetween)) return;
    this.#written = endpoints;
    this.#writtenAt = at;
    try {
      await writeAtomically(this.#path, lastWorkingText(endpoints), { mode: 0o600 });
    } catch (error) {
      this.#log.warn(errorText(error));
    }
  }
}

export const forgetLastWorking = async (stateDirectory: string): Promise<void> =>
  void (await removeStateFile(fileIn(stateDirectory)));

async function read(path: string, log: Logger): Promise<Endpoints> {
  const hint = "it is only used to dial the endpoint that worked last first";
  try {
    const file = await readTextFile(path, { largest, code: "state", hint });
    const endpoints = file && parseLastWorking(file.text);
    if (file && !endpoints) log.warn(`${path} is damaged and was left aside: ${hint}`);
    return endpoints ?? new Map();
  } catch (error) {
    log.warn(errorText(error));
    return new Map();
  }
}
