import type { Endpoint } from "../../src/net/index.ts";
import type { ObservedPeer } from "../../src/wireguard/index.ts";
import type { Clock } from "../clock.ts";
import { newId, stampOf } from "../device.ts";

/** A packet between the two ends of a pair. Ids and keys are numbers; `sentAt` is that of a request, in its reply, too. */
export type Packet =
  | { readonly kind: "initiation"; readonly id: number; readonly stamp: number; readonly isRace: boolean }
  | { readonly kind: "response"; readonly id: number; readonly isRace: boolean }
  | {
      readonly kind: "data";
      readonly key: number;
      readonly bytes: number;
      readonly what: "request" | "reply" | "one way" | "keepalive";
      readonly sentAt: number;
    };
type Data = Extract<Packet, { readonly kind: "data" }>;

export interface SessionOptions {
  readonly clock: Clock;
  readonly publicKey: string;
  readonly endpoint: Endpoint;
  readonly firstKey: number;
  readonly isInitiator: boolean;
  /** The age of the session at the beginning, in milliseconds. */
  readonly ageMs: number;
  readonly send: (packet: Packet, to: Endpoint) => void;
  readonly onAnswer: (id: number, from: Endpoint) => void;
  readonly onData: (data: Data) => void;
  /** Data came under keys that are forgotten here. */
  readonly onUnreadable: () => void;
}

/** WireGuard's own figures, in milliseconds. */
const [rekeyMs, retryMs, newHandshakeMs, passiveMs, persistentMs] = [120_000, 5_200, 15_000, 10_000, 25_000];
const [initiationBytes, responseBytes, keepaliveBytes] = [148, 92, 32];

/** WireGuard's session with one peer that is connected: its keys as they follow each other, its timers, its roaming. */
export class Session {
  readonly #options: SessionOptions;
  endpoint: Endpoint;
  #received = 10_000;
  #sent = 10_000;
  #current: number;
  /** Agreed on as responder, until data confirms it. */
  #next = 0;
  #previous = 0;
  #pending = 0;
  #isInitiator: boolean;
  #establishedAt: number;
  #initiatedAt = 0;
  #stamp = 0;
  #sentAt = 0;
  /** The first data since anything was sent; 0 if there is none. */
  #passiveAt = 0;
  /** Data that was sent since anything was received; 0 if there is none. */
  #unansweredAt = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.endpoint = options.endpoint;
    this.#current = options.firstKey;
    this.#isInitiator = options.isInitiator;
    this.#establishedAt = options.clock.now - options.ageMs;
    this.#persist();
  }

  get view(): ObservedPeer {
    return {
      publicKey: this.#options.publicKey,
      endpoint: this.endpoint,
      allowedIPs: [],
      handshakeAt: Math.floor(this.#establishedAt / 1000) * 1000,
      receivedBytes: this.#received,
      sentBytes: this.#sent,
      keepaliveSeconds: persistentMs / 1000,
    };
  }

  send(what: Data["what"], bytes: number, sentAt = this.#options.clock.now): void {
    const { now } = this.#options.clock;
    this.#sent += bytes;
    this.#sentAt = now;
    this.#passiveAt = 0;
    if (what !== "keepalive") this.#unansweredAt ||= now;
    const isOld = this.#isInitiator && now - this.#establishedAt > rekeyMs;
    if (isOld || (this.#unansweredAt > 0 && now - this.#unansweredAt > newHandshakeMs)) this.initiate();
    this.#options.send({ kind: "data", key: this.#current, bytes, what, sentAt }, this.endpoint);
  }

  /** WireGuard's own handshake. */
  initiate(): void {
    const { clock, send } = this.#options;
    if (clock.now - this.#initiatedAt < retryMs - 200) return;
    const id = newId();
    this.#initiatedAt = clock.now;
    this.#pending = id;
    this.#sent += initiationBytes;
    send({ kind: "initiation", id, stamp: stampOf(clock.now), isRace: false }, this.endpoint);
    clock.after(retryMs, () => {
      if (this.#pending === id) this.initiate();
    });
  }

  receive(packet: Packet, from: Endpoint): void {
    if (packet.kind === "initiation") this.#respond(packet, from);
    else if (packet.kind === "data") this.#open(packet, from);
    else if (packet.isRace) this.#options.onAnswer(packet.id, from);
    else this.#complete(packet.id, from);
  }

  #respond({ id, stamp, isRace }: Packet & { kind: "initiation" }, from: Endpoint): void {
    if (stamp <= this.#stamp) return;
    this.#stamp = stamp;
    this.#pending = 0; // one handshake at a time: theirs undoes ours
    this.#next = id;
    this.#previous = 0;
    this.#hear(from, initiationBytes);
    this.#sent += responseBytes;
    this.#options.send({ kind: "response", id, isRace }, from);
  }

  #complete(id: number, from: Endpoint): void {
    if (this.#pending !== id) return;
    this.#pending = 0;
    this.#hear(from, responseBytes);
    this.#isInitiator = true;
    this.#turn(id);
    this.send("keepalive", keepaliveBytes);
  }

  #open(data: Data, from: Endpoint): void {
    const { key, bytes, what } = data;
    if (key === this.#next) {
      this.#next = 0;
      this.#isInitiator = false;
      this.#turn(key);
    } else if (key !== this.#current && key !== this.#previous) return this.#options.onUnreadable();
    this.#hear(from, bytes);
    if (what !== "keepalive") this.#answerLater();
    this.#options.onData(data);
  }

  #turn(key: number): void {
    this.#previous = this.#current;
    this.#current = key;
    this.#establishedAt = this.#options.clock.now;
  }

  #hear(from: Endpoint, bytes: number): void {
    this.endpoint = from;
    this.#received += bytes;
    this.#unansweredAt = 0;
  }

  #answerLater(): void {
    const { clock } = this.#options;
    if (this.#passiveAt > 0) return;
    const gotAt = clock.now;
    this.#passiveAt = gotAt;
    clock.after(passiveMs, () => {
      if (this.#passiveAt === gotAt) this.send("keepalive", keepaliveBytes);
    });
  }

  #persist(): void {
    const { clock } = this.#options;
    clock.after(persistentMs, () => {
      if (clock.now - this.#sentAt >= persistentMs) this.send("keepalive", keepaliveBytes);
      this.#persist();
    });
  }
}
