import { expect } from "vitest";
import type { Endpoint } from "../../../src/net/index.ts";
import { pollPeers } from "../../../src/peers/all.ts";
import { answered, type Connection, isRaced, type Peers } from "../../../src/peers/index.ts";
import type { Path } from "../../../src/peers/path.ts";
import { type Pin } from "../../../src/port/index.ts";
import type { ObservedDevice } from "../../../src/wireguard/index.ts";
import { key, peerSpec } from "../mesh/values.ts";
import { far, other } from "./connected.ts";

/** An end, as a test wants it. */
export interface EndOptions {
  /** Milliseconds from one packet of data to the next; without it there are keepalives only. */
  readonly every?: number;
  readonly isSearching: boolean;
  /** It has looked for a better way again and again, and does not for an hour now; it races where it doubts. */
  readonly hasSearched?: boolean;
}

export interface PairOptions {
  readonly ends: readonly [EndOptions, EndOptions];
  /** One way, in milliseconds. */
  readonly slow: number;
  readonly fast: number;
  /** How much longer a packet may take, as a share: they overtake each other. */
  readonly jitter: number;
  readonly seed: number;
  /** Without it WireGuard alone says where packets go. */
  readonly mayHold: boolean;
}

interface Packet {
  readonly kind: "data" | "initiation" | "response";
  readonly to: 0 | 1;
  readonly way: Endpoint;
  readonly sentAt: number;
}

const start = 1_700_000_000_000;
const [passiveKeepalive, keepalive] = [10_000, 25_000];

/** A minute ago they were moved; the first poll is followed by a probe soon. */
const ledRound: Connection & { readonly phase: "up" } = {
  phase: "up",
  received: { bytes: 1_000, at: start },
  counters: { receivedBytes: 1_000, sentBytes: 1_000, receivedAt: start },
  roundTrips: new Map([[other, 2]]),
  attempt: undefined,
  path: undefined,
};

const dataBytes = ({ every }: Pick<End, "every">): number => (every === undefined ? 32 : 128);

const since = start - 58_000;
const [known, searched] = [
  { endpoint: far, since, changes: 0, known: [other], probes: 0 },
  { endpoint: far, since, changes: 0, known: [other], probes: 20, probedAt: start - 30_000 },
];

class End {
  readonly index: 0 | 1;
  readonly peerKey: string;
  every: number | undefined;
  endpoint: Endpoint = far;
  memory: Peers;
  pins: readonly Pin[] = [];
  received = 1_000;
  sent = 1_000;
  /** Of the last initiation: what is not newer is a copy. */
  stamp = 0;
  sendAt: number;
  lookAt = start;
  keepaliveAt = Number.POSITIVE_INFINITY;
  readonly isSearching: boolean;

  constructor(index: 0 | 1, { every, isSearching, hasSearched }: EndOptions) {
    this.index = index;
    this.peerKey = key(1 - index);
    this.every = every;
    this.sendAt = start + (every ?? keepalive);
    this.isSearching = isSearching;
    const path = hasSearched ? searched : known;
    const connections = new Map([[this.peerKey, { ...ledRound, path }]]);
    this.memory = { connections, packets: undefined, probes: { left: 10, at: start } };
  }

  get path(): Path | undefined {
    return this.memory.connections.get(this.peerKey)?.path;
  }
}

/**
 * Two peers that are connected over `far`, the slow way, and know that `other` is a fast one. Packets take their time, and
 * whoever gets data or an initiation sends to where it came from, as WireGuard does.
 */
export class Pair {
  readonly ends: readonly [End, End];
  readonly #options: PairOptions;
  readonly #packets: { readonly at: number; readonly packet: Packet }[] = [];
  /** Whatever is under way there is lost. */
  lost: readonly Endpoint[] = [];
  #now = start;
  #random: number;

  constructor(options: PairOptions) {
    this.#options = options;
    this.#random = options.seed >>> 0;
    this.ends = [new End(0, options.ends[0]), new End(1, options.ends[1])];
  }

  run(seconds: number): this {
    for (const end = this.#now + seconds * 1000; this.#now < end; ) this.#next();
    return this;
  }

  /** Until this is so; fails after two minutes. */
  until(isSo: (pair: Pair) => boolean): this {
    for (const end = this.#now + 120_000; !isSo(this); ) {
      if (this.#now > end) expect.fail("it never came to that");
      this.#next();
    }
    return this;
  }

  #next(): void {
    const [soonest] = this.#packets.toSorted((left, right) => left.at - right.at);
    const times = this.ends.map((end) => Math.min(end.sendAt, end.lookAt, end.keepaliveAt));
    const first = Math.min(...times);
    if (soonest && soonest.at <= first) {
      this.#packets.splice(this.#packets.indexOf(soonest), 1);
      this.#now = soonest.at;
      return this.#arrive(soonest.packet);
    }
    this.#now = first;
    for (const end of this.ends) {
      if (end.sendAt <= first || end.keepaliveAt <= first) this.#sendData(end);
      if (end.lookAt <= first) this.#look(end);
    }
  }

  #sendData(end: End): void {
    end.sent += dataBytes(end);
    end.sendAt = this.#now + (end.every ?? keepalive);
    end.keepaliveAt = Number.POSITIVE_INFINITY;
    const pin = end.pins.find(({ instead }) => instead.includes(end.endpoint));
    this.#send(end, "data", pin?.to ?? end.endpoint, this.#now);
  }

  #send({ index }: End, kind: Packet["kind"], way: Endpoint, sentAt: number): void {
    const { slow, fast, jitter } = this.#options;
    this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) >>> 0;
    const late = 1 + (jitter * this.#random) / 2 ** 32;
    const at = this.#now + Math.max(1, Math.round((way === far ? slow : fast) * late));
    this.#packets.push({ at, packet: { kind, to: index === 0 ? 1 : 0, way, sentAt } });
  }

  #arrive({ kind, to, way, sentAt }: Packet): void {
    if (this.lost.includes(way)) return;
    const end = this.ends[to];
    end.received += kind === "data" ? dataBytes(end) : { initiation: 148, response: 92 }[kind];
    if (kind === "response") return this.#answer(end, way, sentAt);
    if (kind === "initiation" && sentAt <= end.stamp) return;
    if (kind === "initiation") end.stamp = sentAt;
    end.endpoint = way;
    if (kind === "initiation") return this.#send(end, "response", way, sentAt);
    if (end.every === undefined) end.keepaliveAt = Math.min(end.keepaliveAt, this.#now + passiveKeepalive);
  }

  #answer(end: End, endpoint: Endpoint, sentAt: number): void {
    const { connections } = end.memory;
    const connection = connections.get(end.peerKey);
    if (!connection) return;
    const roundTripMs = this.#now - sentAt;
    const answer = { endpoint, sentAt, answeredAt: this.#now, roundTripMs };
    end.memory = {
      ...end.memory,
      connections: new Map([[end.peerKey, answered(connection, answer)]]),
    };
    if (!isRaced(connection)) return;
    end.lookAt = Math.min(end.lookAt, Math.max(this.#now, sentAt + 25));
  }

  #look(end: End): void {
    const spec = peerSpec(1 - end.index, [far, other]);
    const racing = { ownKey: key(end.index), mayDialSerially: false };
    const circumstances = end.isSearching ? { racing } : {};
    const device = deviceOf(end, this.#now);
    const polled = pollPeers([spec], device, end.memory, this.#now, "known", circumstances);
    end.memory = polled.memory;
    end.lookAt = this.#now + Math.max(1, Math.min(polled.wakeInMs ?? 2_000, 2_000));
    end.pins = this.#options.mayHold ? polled.pins : [];
    const { action } = polled.peers[0] ?? {};
    if (action?.kind === "move") end.endpoint = action.endpoint;
    for (const { endpoints } of polled.races)
      for (const endpoint of endpoints) this.#send(end, "initiation", endpoint, this.#now);
  }
}

function deviceOf({ endpoint, received, sent, peerKey }: End, now: number): ObservedDevice {
  const peer = {
    publicKey: peerKey,
    endpoint,
    allowedIPs: [],
    handshakeAt: now - 10_000,
    receivedBytes: received,
    sentBytes: sent,
    keepaliveSeconds: 25,
  };
  return { listenPort: 51820, firewallMark: 0x20, peers: new Map([[peerKey, peer]]) };
}
