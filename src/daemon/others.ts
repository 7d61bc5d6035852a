import type { Logger } from "pino";
import type { Config } from "../config/index.ts";
import { scanForOthers } from "../marks/effects/index.ts";
import { blockWarning, type Ours, type Passage, type Warning } from "../marks/index.ts";
import type { Runner } from "../system/index.ts";
import { Paced } from "./paced.ts";

/**
 * Listing a large ruleset takes a second of a processor. Not every change is announced: those of iptables' older back
 * end are not.
 */
const pace = { settleTimeMs: 2_000, shortestIntervalMs: 30_000, longestIntervalMs: 15 * 60_000 };

interface OthersParts {
  readonly run: Runner;
  readonly log: Logger;
  readonly ours: Ours;
  /** Gives the configuration as it is now, by which firewalls are judged. */
  readonly config: () => Config;
}

/** Looks for other users of our mark bits, table and priority, and for firewalls: at the start, after changes, and now and then. */
export class Others {
  readonly #parts: OthersParts;
  readonly #paced: Paced;
  #warnings: readonly Warning[] = [];

  constructor(parts: OthersParts) {
    this.#parts = parts;
    this.#paced = new Paced(pace, () => this.#scan());
  }

  get warnings(): readonly Warning[] {
    return this.#warnings;
  }

  /** Asks for a scan after a change: soon, but not often. */
  request(): void {
    this.#paced.request();
  }

  /** Scans at once if there was a change since the last scan, for an operator who asks. */
  catchUp(): Promise<void> {
    return this.#paced.catchUp();
  }

  /** Ends the scans; resolves when none runs any more. */
  stop(): Promise<void> {
    return this.#paced.stop();
  }

  async #scan(): Promise<void> {
    const { run, log, ours } = this.#parts;
    const passage = passageOf(this.#parts.config());
    const { warnings: found, unread, blocks } = await scanForOthers(run, ours, passage);
    const warnings = [
      ...found.map(({ who, what }) => ({ who, what })),
      ...blocks.map((block) => blockWarning(block, passage)),
    ];
    const known = new Set(this.#warnings.map(textOf));
    for (const warning of warnings) if (!known.has(textOf(warning))) log.warn(textOf(warning));
    log.debug({ warnings: warnings.length, unread }, "looked for others who use what is ours");
    this.#warnings = warnings;
  }
}

const passageOf = ({ interfaceName, listenPort, advertisedPrefixes: networks, relay }: Config): Passage => ({
  interfaceName,
  listenPort,
  networks,
  forwards: networks.length > 0,
  relays: relay.serve === true,
});

const textOf = ({ who, what }: Warning): string => `${who} ${what}`;
