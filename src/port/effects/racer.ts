import { isDeepStrictEqual } from "node:util";
import type { Secret } from "../../base/index.ts";
import {
  createInitiation,
  type Ends,
  type Initiation,
  isAuthentic,
  openCookie,
  readAnswer,
  timestamp,
} from "../../handshake/index.ts";
import type { Endpoint, Marks } from "../../net/index.ts";
import { isStunMessage } from "../../stun/index.ts";
import { effectiveUser, type Runner } from "../../system/index.ts";
import type { Answer } from "../answer.ts";
import type { RaceCounts } from "../counts.ts";
import { type Guessing, noGuessing } from "../guessed.ts";
import type { Pin, PlacedPin } from "../pin.ts";
import { indexOf, mostIndices, type RacingRules, tagFrom } from "../rules.ts";
import { Sockets } from "./sockets.ts";
import { deleteRacingTable, loadRacingTable, placePins } from "./table.ts";

export interface RacerOptions {
  readonly run: Runner;
  /** The present time in milliseconds since 1970. */
  readonly clock: () => number;
  readonly random: (count: number) => Uint8Array;
  readonly privateKey: Secret;
  /** The public key of this node in base64, as all public keys here. */
  readonly publicKey: string;
  /** The preshared keys that a peer may have; the first is the usual one. */
  readonly presharedKeys: readonly [Secret, ...Secret[]];
  /** The name of the mesh's link. */
  readonly interfaceName: string;
  readonly listenPort: number;
  readonly marks: Marks;
  /** Takes what a STUN server answers. */
  readonly onStun?: (packet: Uint8Array, from: Endpoint) => void;
  readonly onAnswer: (publicKey: string, answer: Answer) => void;
}

interface Waiting {
  readonly publicKey: string;
  readonly ends: Ends;
  readonly initiation: Initiation;
  readonly endpoints: ReadonlySet<Endpoint>;
  readonly sentAt: number;
  /** The time of sending in milliseconds of a clock that nobody sets. */
  readonly sentTicks: number;
}

/** The milliseconds for which a cookie is valid (WireGuard's paper, section 5.4.7). */
const cookieLifetimeMs = 120_000;
/** The milliseconds after which no answer is expected any more. */
const answerLifetimeMs = 5_000;

/**
 * Sends one handshake initiation to all candidates of a peer, from WireGuard's port, and tells from which of them the
 * peer answered. All other packets that arrive are counted and ignored.
 */
export class Racer {
  readonly #options: RacerOptions;
  readonly #waiting = new Map<number, Waiting>();
  readonly #stamps = new Map<string, Uint8Array>();
  readonly #cookies = new Map<string, { readonly cookie: Uint8Array; readonly at: number }>();
  readonly #tag: number;
  readonly #unreadable = new Map<string, number>();
  readonly #counts = {
    sent: 0,
    unsent: 0,
    answered: 0,
    cookies: 0,
    stray: 0,
    forged: 0,
    fromElsewhere: 0,
  };
  #sockets: Sockets | undefined;
  #listing: string | undefined;
  #races = 0;
  /** The pins in the table; `undefined` after a failure, when it is not known which ones are. */
  #pins: readonly Pin[] | undefined = [];
  #placed: readonly PlacedPin[] = [];
  #guessing: Guessing = noGuessing;

  /** Opens the sockets and loads the table. Throws `KubespanError("command")` where this machine cannot do it. */
  static async open(options: RacerOptions): Promise<Racer> {
    const racer = new Racer(options);
    const sockets = await Sockets.open(options.listenPort, (packet, from) => racer.#receive(packet, from));
    racer.#sockets = sockets;
    try {
      racer.#listing = await loadRacingTable(options.run, racer.#rules(sockets));
    } catch (error) {
      await sockets.close();
      throw error;
    }
    return racer;
  }

  private constructor(options: RacerOptions) {
    this.#options = options;
    this.#tag = tagFrom(options.random(4));
  }

  /**
   * The answers of each peer, by public key, that do not open with this node's cluster secret, since the last one that
   * did. They came from where the peer was asked, so they are its own, or of somebody on the way.
   */
  get unreadable(): ReadonlyMap<string, number> {
    return this.#unreadable;
  }

  get counts(): RaceCounts {
    return { ...this.#counts };
  }

  /** Sends one race round. Nothing is sent while the time stamp would not be greater than the last one. */
  race(publicKey: string, endpoints: readonly Endpoint[]): void {
    const now = this.#options.clock();
    this.#forgetOld(now);
    const stamp = timestamp(now, this.#stamps.get(publicKey));
    if (!stamp || !this.#sockets) return;
    const senderIndex = indexOf(this.#tag, this.#races++ % mostIndices);
    const ends = this.#ends(publicKey);
    const cookie = this.#cookies.get(publicKey)?.cookie;
    const ephemeral = this.#options.random(32);
    const initiation = createInitiation(ends, { ephemeral, senderIndex, stamp, cookie });
    if (!initiation) return; // nobody can own that key
    this.#stamps.set(publicKey, stamp);
    const sentAt = this.#options.clock(); // no path is to blame for the time that the initiation took to make
    const waiting = { publicKey, ends, initiation, endpoints: new Set(endpoints), sentAt };
    this.#waiting.set(senderIndex, { ...waiting, sentTicks: performance.now() });
    for (const endpoint of endpoints) {
      this.#counts.sent++;
      this.#sockets.send(initiation.message, endpoint, () => this.#counts.unsent++);
    }
  }

  /** Makes a transaction id for STUN from 12 random bytes, by which the answers find their way here. */
  transaction(random: Uint8Array): Uint8Array {
    const id = Buffer.from(random);
    id.writeUInt32BE(indexOf(this.#tag, id.readUInt32BE(0)), 0);
    return id;
  }

  /** Sends a STUN request from WireGuard's port. */
  send(packet: Uint8Array, to: Endpoint): void {
    this.#sockets?.send(packet, to, () => undefined); // a request that is not sent goes unanswered, and that is noticed
  }

  /** Pins the packets of these peers, and of no others, to the given endpoints. Throws `KubespanError("command")`. */
  async pin(pins: readonly Pin[]): Promise<void> {
    if (!this.#sockets || isDeepStrictEqual(pins, this.#pins)) return;
    const { run, marks } = this.#options;
    const placed = await placePins(run, pins, marks);
    this.#pins = undefined;
    try {
      this.#placed = placed;
      this.#listing = await loadRacingTable(run, this.#rules(this.#sockets));
      this.#pins = pins;
    } catch (error) {
      this.#placed = []; // a repair must not bring back what may not be wanted any more by then
      throw error;
    }
  }

  /** Leads packets of guessed paths through their mappings. Throws `KubespanError("command")`. */
  async guess(guessing: Guessing): Promise<void> {
    if (!this.#sockets || isDeepStrictEqual(guessing, this.#guessing)) return;
    this.#guessing = guessing;
    this.#listing = await loadRacingTable(this.#options.run, this.#rules(this.#sockets));
  }

  /** Puts the table back if this listing shows that it is not as it was made; tells whether that was necessary. */
  async repair(listing: string | undefined): Promise<boolean> {
    if (!this.#sockets || listing === this.#listing) return false;
    this.#listing = await loadRacingTable(this.#options.run, this.#rules(this.#sockets));
    return true;
  }

  async close(): Promise<void> {
    const sockets = this.#sockets;
    this.#sockets = undefined;
    this.#waiting.clear();
    try {
      await deleteRacingTable(this.#options.run, this.#options.interfaceName);
    } finally {
      await sockets?.close();
    }
  }

  #rules({ ports }: Sockets): RacingRules {
    const { interfaceName, marks, listenPort } = this.#options;
    return {
      interfaceName,
      marks,
      listenPort,
      ports,
      tag: this.#tag,
      userId: effectiveUser(),
      pins: this.#placed,
      guessing: this.#guessing,
    };
  }

  #ends(publicKey: string): Ends {
    const { privateKey, publicKey: own } = this.#options;
    const [presharedKey] = this.#options.presharedKeys;
    return { privateKey, presharedKey, publicKey: bytesOf(own), peerPublicKey: bytesOf(publicKey) };
  }

  #receive(packet: Uint8Array, from: Endpoint): void {
    if (isStunMessage(packet)) return this.#options.onStun?.(packet, from);
    const answer = readAnswer(packet);
    const waiting = answer && this.#waiting.get(answer.receiverIndex);
    if (!waiting) this.#counts.stray++;
    else if (!waiting.endpoints.has(from)) this.#counts.fromElsewhere++;
    else if (answer.kind === "cookie") this.#takeCookie(waiting, packet);
    else this.#takeResponse(waiting, packet, from);
  }

  #takeResponse(waiting: Waiting, packet: Uint8Array, from: Endpoint): void {
    const [ticks, answeredAt] = [performance.now(), this.#options.clock()];
    const { publicKey, ends, initiation, sentAt } = waiting;
    const { presharedKeys } = this.#options;
    if (!presharedKeys.some((presharedKey) => isAuthentic({ ...ends, presharedKey }, initiation, packet))) {
      this.#counts.forged++;
      this.#unreadable.set(publicKey, (this.#unreadable.get(publicKey) ?? 0) + 1);
      return;
    }
    this.#counts.answered++;
    this.#unreadable.delete(publicKey);
    for (const [index, each] of this.#waiting) if (each.publicKey === publicKey) this.#waiting.delete(index);
    const roundTripMs = Math.round((ticks - waiting.sentTicks) * 10) / 10;
    this.#options.onAnswer(publicKey, { endpoint: from, sentAt, answeredAt, roundTripMs });
  }

  #takeCookie({ publicKey, ends, initiation }: Waiting, packet: Uint8Array): void {
    const cookie = openCookie(ends, initiation, packet);
    if (cookie) this.#cookies.set(publicKey, { cookie, at: this.#options.clock() });
    this.#counts[cookie ? "cookies" : "forged"]++;
  }

  #forgetOld(now: number): void {
    for (const [index, { sentAt }] of this.#waiting)
      if (now - sentAt > answerLifetimeMs) this.#waiting.delete(index);
    for (const [publicKey, { at }] of this.#cookies)
      if (now - at > cookieLifetimeMs) this.#cookies.delete(publicKey);
  }
}

const bytesOf = (key: string): Uint8Array => new Uint8Array(Buffer.from(key, "base64"));
