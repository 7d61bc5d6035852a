import type { Logger } from "pino";
import type { Config } from "../config/index.ts";
import { scanForOthers } from "../marks/effects/index.ts";
import { blockWarning, type Ours, type Passage, type Warning } from "../marks/index.ts";
import type { Runner } from "../system/index.ts";

/**
 * The milliseconds between a change and a scan. Changes come in bursts, and listing a large ruleset takes a second of a
 * processor.
 */
const settleTimeMs = 2_000;
const shortestIntervalMs = 30_000;
/**
 * The milliseconds after which a scan is made without a known change. Not every change is announced: those of iptables'
 * older back end are not.
 */
const longestIntervalMs = 15 * 60_000;

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
  #warnings: readonly Warning[] = [];
  #timer: NodeJS.Timeout | undefined;
  #dueAt = Number.POSITIVE_INFINITY;
  #scannedAt = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | undefined;
  #isStopped = false;
  /** Whether there was a change that no scan has seen. */
  #isBehind = false;

  constructor(parts: OthersParts) {
    this.#parts = parts;
    this.#arm(0);
  }

  get warnings(): readonly Warning[] {
    return this.#warnings;
  }

  /** Asks for a scan after a change: soon, but not often. */
  request(): void {
    this.#isBehind = true;
    this.#arm(Math.max(settleTimeMs, this.#scannedAt + shortestIntervalMs - performance.now()));
  }

  /** Scans at once if there was a change since the last scan, for an operator who asks. */
  async catchUp(): Promise<void> {
    if (this.#isBehind) this.#arm(0);
    if (this.#dueAt <= performance.now()) this.#due();
    await this.#running;
  }

  /** Ends the scans; resolves when none runs any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #arm(delayMs: number): void {
    const dueAt = performance.now() + delayMs;
    if (this.#isStopped || this.#dueAt <= dueAt) return;
    clearTimeout(this.#timer);
    this.#dueAt = dueAt;
    this.#timer = setTimeout(() => this.#due(), delayMs);
  }

  #due(): void {
    clearTimeout(this.#timer);
    this.#dueAt = Number.POSITIVE_INFINITY;
    this.#running = (this.#running ?? Promise.resolve()).then(() => this.#scan());
  }

  async #scan(): Promise<void> {
    if (this.#isStopped) return;
    const { run, log, ours } = this.#parts;
    this.#isBehind = false;
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
    this.#scannedAt = performance.now();
    this.#arm(longestIntervalMs);
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
