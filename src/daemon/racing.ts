import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Logger } from "pino";
import type { RacingReport } from "../api/index.ts";
import { errorText } from "../base/index.ts";
import type { Config } from "../config/index.ts";
import type { Identity } from "../identity/index.ts";
import type { Address, Endpoint, HostPort } from "../net/index.ts";
import type { RaceRound, Transition } from "../peers/index.ts";
import { Prober, Racer, type RacerOptions } from "../port/effects/index.ts";
import type { Answer, Guessing, Mapping, Pin } from "../port/index.ts";
import type { Runner } from "../system/index.ts";

interface RacingParts {
  readonly config: Config;
  readonly identity: Identity;
  readonly run: Runner;
  readonly log: Logger;
  readonly clock: () => number;
  readonly openRacer?: OpenRacer;
}

/** The racer, as far as the mesh of one node needs it. */
type UsedRacer = Pick<
  Racer,
  "counts" | "unreadable" | "race" | "pin" | "guess" | "repair" | "send" | "transaction" | "close"
>;
export type OpenRacer = (options: RacerOptions) => Promise<UsedRacer>;

const realRacer: OpenRacer = (options) => Racer.open(options);

/** The events of which the mesh is told. */
export interface RacingEvents {
  readonly onAnswer: (publicKey: string, answer: Answer) => void;
  /** Called when `mapping` has changed. */
  readonly onMapping: () => void;
  /** Takes all STUN messages that arrive. */
  readonly onStun?: (packet: Uint8Array, from: Endpoint) => void;
}

/**
 * The racer of one mesh. It is opened with the data plane and repaired with it, and serial attempts take its place
 * where it fails.
 */
export class Racing {
  readonly #parts: RacingParts;
  readonly #events: RacingEvents;
  #racer: UsedRacer | undefined;
  #prober: Prober | undefined;
  #failure: string | undefined;
  #servers: readonly HostPort[] = [];
  #addresses: readonly Address[] = [];

  constructor(parts: RacingParts, events: RacingEvents) {
    this.#parts = parts;
    this.#events = events;
  }

  /** The answers of the STUN servers about WireGuard's port; `undefined` where racing does not work. */
  get mapping(): Mapping | undefined {
    return this.#prober?.mapping;
  }

  /** The answers of each peer that do not open with the cluster secret. */
  get unreadable(): ReadonlyMap<string, number> | undefined {
    return this.#racer?.unreadable;
  }

  get isOn(): boolean {
    return this.#racer !== undefined;
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

  /** Opens the racer. Never throws: without a racer there are serial attempts, and the log and the status say why. */
  async open(): Promise<void> {
    const { config, identity, run, log, clock, openRacer = realRacer } = this.#parts;
    if (config.connect === "serial" || this.#racer) return;
    try {
      this.#racer = await openRacer({
        run,
        clock,
        random: randomBytes,
        privateKey: identity.privateKey,
        publicKey: identity.publicKey,
        presharedKeys: [config.cluster.secret, ...(config.cluster.accepted ?? [])],
        interfaceName: config.interfaceName,
        listenPort: config.listenPort,
        marks: config.marks,
        onStun: (packet, from) => {
          this.#prober?.receive(packet, from);
          this.#events.onStun?.(packet, from);
        },
        onAnswer: this.#events.onAnswer,
      });
      this.#failure = undefined;
      this.#probe(this.#racer);
    } catch (error) {
      this.#fail(error, log);
    }
  }

  #probe(racer: UsedRacer): void {
    const { log, clock } = this.#parts;
    this.#prober = new Prober({
      clock,
      send: (packet, to) => racer.send(packet, to),
      newTransaction: () => racer.transaction(randomBytes(12)),
      log,
      onChange: () => this.#events.onMapping(),
    });
    this.#prober.follow(this.#servers);
  }

  /** Asks these STUN servers, beside the one that is configured, where WireGuard's port is seen. */
  followStun(servers: readonly HostPort[]): void {
    const { stun } = this.#parts.config;
    this.#servers = stun ? [stun, ...servers] : servers;
    this.#prober?.follow(this.#servers);
  }

  /** Asks all STUN servers at once: something has changed about the paths of this node, or may have. */
  askStun(): void {
    this.#prober?.askAll();
  }

  /** Asks all STUN servers now, and waits for their answers. */
  async hearStun(): Promise<void> {
    this.askStun();
    await this.#prober?.answered();
  }

  /** Takes note of what may mean that others see this node elsewhere: a peer that fell silent, or other addresses here. */
  noted(transitions: readonly Pick<Transition, "kind">[], addresses: readonly Address[]): void {
    const isSilent = transitions.some(({ kind }) => kind === "suspected" || kind === "down");
    const isElsewhere = !isDeepStrictEqual(addresses, this.#addresses);
    this.#addresses = addresses;
    if (isSilent || isElsewhere) this.askStun();
  }

  /** Repairs the table, which another program may have flushed. */
  async repair(listing: string | undefined): Promise<void> {
    const { log } = this.#parts;
    try {
      if (await this.#racer?.repair(listing)) log.warn("the nft table for racing was changed: it is back");
    } catch (error) {
      this.#fail(error, log);
      await this.close();
    }
  }

  /** Places pins, before WireGuard is told to send elsewhere. Pins that fail are tried again at the next poll. */
  async pin(pins: readonly Pin[]): Promise<void> {
    await this.#racer?.pin(pins).catch((error: unknown) => this.#parts.log.warn(errorText(error)));
  }

  /** Leads packets of guessed paths through their mappings. Never throws: a path that does not work is given up. */
  async guess(guessing: Guessing): Promise<void> {
    await this.#racer?.guess(guessing).catch((error: unknown) => this.#parts.log.warn(errorText(error)));
  }

  /** Makes a transaction id by which an answer to a STUN request finds its way here. */
  transaction(): Uint8Array {
    const random = randomBytes(12);
    return this.#racer?.transaction(random) ?? random;
  }

  /** Sends a STUN request from WireGuard's port. */
  ask(packet: Uint8Array, to: Endpoint): void {
    this.#racer?.send(packet, to);
  }

  send(races: readonly RaceRound[]): void {
    for (const { publicKey, endpoints } of races) this.#racer?.race(publicKey, endpoints);
  }

  async close(): Promise<void> {
    const [racer, prober] = [this.#racer, this.#prober];
    this.#racer = this.#prober = undefined;
    await prober?.stop();
    await racer?.close().catch((error: unknown) => this.#parts.log.warn(errorText(error)));
  }

  #fail(error: unknown, log: Logger): void {
    const reason = errorText(error);
    const instead = this.#parts.config.connect === "race" ? "" : "; peers are tried one address at a time";
    if (reason !== this.#failure) log.warn(`racing does not work here: ${reason}${instead}`);
    this.#failure = reason;
  }
}
