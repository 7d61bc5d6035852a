import { randomBytes } from "node:crypto";
import type { Logger } from "pino";
import type { RacingReport } from "../api/status.ts";
import type { Config } from "../config/index.ts";
import type { Identity } from "../identity/index.ts";
import type { Race } from "../mesh/index.ts";
import type { Endpoint } from "../net/index.ts";
import { Racer } from "../racing/effects/racer.ts";
import type { Answer } from "../racing/index.ts";
import { errorText } from "../system/error.ts";
import type { Runner } from "../system/run.ts";

interface RacingParts {
  readonly config: Config;
  readonly identity: Identity;
  readonly run: Runner;
  readonly log: Logger;
  readonly clock: () => number;
}

type OnAnswer = (publicKey: string, answer: Answer) => void;

/** The racer of one mesh: opened with the data plane, repaired with it, and replaced by serial attempts where it fails. */
export class Racing {
  readonly #parts: RacingParts;
  readonly #onAnswer: OnAnswer;
  /** By public key and endpoint: milliseconds. */
  readonly #roundTrips = new Map<string, Map<Endpoint, number>>();
  #racer: Racer | undefined;
  #failure: string | undefined;

  constructor(parts: RacingParts, onAnswer: OnAnswer) {
    this.#parts = parts;
    this.#onAnswer = onAnswer;
  }

  get isOn(): boolean {
    return this.#racer !== undefined;
  }

  /** By endpoint, of one peer, in milliseconds. */
  roundTrips(publicKey: string): ReadonlyMap<Endpoint, number> {
    return this.#roundTrips.get(publicKey) ?? new Map();
  }

  report(): RacingReport {
    const mode = this.#parts.config.connect;
    return {
      mode,
      works: this.isOn,
      ...(this.#failure !== undefined && { reason: this.#failure }),
      ...(this.#racer && { counts: this.#racer.counts }),
    };
  }

  /** Never throws: without it there are serial attempts, and the log and the status say why. */
  async open(): Promise<void> {
    const { config, identity, run, log, clock } = this.#parts;
    if (config.connect === "serial" || this.#racer) return;
    try {
      this.#racer = await Racer.open({
        run,
        clock,
        random: randomBytes,
        privateKey: identity.privateKey,
        publicKey: identity.publicKey,
        presharedKey: config.cluster.secret,
        listenPort: config.listenPort,
        marks: config.marks,
        onAnswer: (publicKey, answer, roundTrip) => this.#take(publicKey, answer, roundTrip),
      });
      this.#failure = undefined;
    } catch (error) {
      this.#fail(error, log);
    }
  }

  /** The table may have been flushed by another program. */
  async repair(listing: string | undefined): Promise<void> {
    const { log } = this.#parts;
    try {
      if (await this.#racer?.repair(listing)) log.warn("the nft table for racing was changed: it is back");
    } catch (error) {
      this.#fail(error, log);
      await this.close();
    }
  }

  send(races: readonly Race[]): void {
    for (const { publicKey, endpoints } of races) this.#racer?.race(publicKey, endpoints);
  }

  async close(): Promise<void> {
    const racer = this.#racer;
    this.#racer = undefined;
    await racer?.close().catch((error: unknown) => this.#parts.log.warn(errorText(error)));
  }

  #take(publicKey: string, answer: Answer, roundTripMs: number): void {
    const known = this.#roundTrips.get(publicKey) ?? new Map<Endpoint, number>();
    known.delete(answer.endpoint); // the newest stands last
    known.set(answer.endpoint, roundTripMs);
    const [oldest] = known.keys();
    if (known.size > mostRoundTrips && oldest !== undefined) known.delete(oldest);
    this.#roundTrips.set(publicKey, known);
    this.#onAnswer(publicKey, answer);
  }

  #fail(error: unknown, log: Logger): void {
    const reason = errorText(error);
    const instead = this.#parts.config.connect === "race" ? "" : "; peers are tried one address at a time";
    if (reason !== this.#failure) log.warn(`racing does not work here: ${reason}${instead}`);
    this.#failure = reason;
  }
}

/** Of one peer. */
const mostRoundTrips = 32;
