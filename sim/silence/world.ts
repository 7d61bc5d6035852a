import { noDialRules } from "../../src/config/index.ts";
import { type Address, type Endpoint, PrefixIndex } from "../../src/net/index.ts";
import { type PeerSpec, sortCandidates } from "../../src/peers/index.ts";
import { Clock } from "../clock.ts";
import { newId } from "../device.ts";
import { type Random, randomFrom } from "../random.ts";
import { End, Node } from "./end.ts";
import { type Conditions, Path } from "./path.ts";
import { type Packet, Session } from "./session.ts";

/**
 * - `pings`: ten requests a second, each of which is answered
 * - `sparse`: a request in five seconds
 * - `one way`: ten datagrams a second, which nobody answers
 * - `idle`: keepalives
 */
export const flows = ["pings", "sparse", "one way", "idle"] as const;
export type Flow = (typeof flows)[number];

export interface SilenceScenario {
  readonly seed: number;
  readonly peers: number;
  /** The number of peers that the hub polls, where there are more than are simulated. */
  readonly among?: number;
  /** The flows of the peers, in turns. */
  readonly flows: readonly Flow[];
  readonly conditions: Conditions;
  /** The length of the simulation, in milliseconds. */
  readonly lastsMs: number;
  /** The round trips are up to so long, in milliseconds. */
  readonly roundTripMs: number;
  /** At this time, within a second, a path that is in use dies for every so many-th peer. */
  readonly death?: { readonly atMs: number; readonly every: number };
}

export interface Silence {
  /** Changes of endpoints at both ends of all pairs, by flow. */
  readonly moves: ReadonlyMap<Flow, number>;
  /** Initiations of the hub's races, and of its busiest second. */
  readonly handshakes: number;
  readonly mostInASecond: number;
  /** The polls of the peers of each flow by the hub. */
  readonly polls: ReadonlyMap<Flow, number>;
  readonly data: number;
  /** Packets that came under keys that the receiver had forgotten: an initiation came between two keys. */
  readonly unreadable: number;
  /** Peers that were found not to be up any more. */
  readonly losses: number;
  /** From the death of a path until a request that was sent after it was answered, in milliseconds, in order. */
  readonly healed: readonly number[];
  readonly dead: number;
}

const intervals: Readonly<Record<Exclude<Flow, "idle">, number>> = {
  pings: 100,
  sparse: 5_000,
  "one way": 100,
};
const [smallBytes, largeBytes] = [128, 1_024];

/** A hub with many peers, two paths to each, and the daemon's decisions at both ends. */
export function simulateSilence(scenario: SilenceScenario): Silence {
  const clock = new Clock();
  const random = randomFrom(scenario.seed);
  const hub = new Node(keyOf(0), scenario.among ?? scenario.peers);
  const pairs = Array.from(
    { length: scenario.peers },
    (_, index) => new Pair(index + 1, { scenario, clock, random, hub }),
  );
  clock.run(scenario.lastsMs, () => false);
  const sum = (of: (pair: Pair) => number): number => pairs.reduce((total, pair) => total + of(pair), 0);
  const byFlow = (of: (pair: Pair) => number): ReadonlyMap<Flow, number> =>
    new Map(flows.map((flow) => [flow, sum((pair) => (pair.flow === flow ? of(pair) : 0))]));
  return {
    moves: byFlow(({ changes }) => changes),
    handshakes: hub.initiations,
    mostInASecond: hub.mostInASecond,
    polls: byFlow(({ polls }) => polls),
    data: sum(({ data }) => data),
    unreadable: sum(({ unreadable }) => unreadable),
    losses: sum(({ losses }) => losses),
    healed: pairs.flatMap(({ healedMs }) => healedMs ?? []).toSorted((left, right) => left - right),
    dead: pairs.filter(({ isDead }) => isDead).length,
  };
}

const keyOf = (index: number): string => `${String(index).padStart(43, "A")}=`;

interface PairOptions {
  readonly scenario: SilenceScenario;
  readonly clock: Clock;
  readonly random: Random;
  readonly hub: Node;
}

class Pair {
  readonly flow: Flow;
  readonly #options: PairOptions;
  readonly #paths: readonly [Path, Path];
  readonly #sessions: readonly [Session, Session];
  readonly #ends: readonly [End, End];
  readonly #node: Node;
  #diedAt = Number.POSITIVE_INFINITY;
  polls = 0;
  data = 0;
  unreadable = 0;
  healedMs: number | undefined;

  constructor(index: number, options: PairOptions) {
    const { scenario, clock, random, hub } = options;
    this.#options = options;
    this.flow = scenario.flows[index % scenario.flows.length] ?? "idle";
    const oneWay = (): number => 1 + (random() * scenario.roundTripMs) / 2;
    const low = index % 250;
    const high = 100 + Math.floor(index / 250);
    this.#paths = [1, 2].map((place) => {
      const ends: [Endpoint, Endpoint] = [
        `203.0.${place}.1:51820` as Endpoint,
        `198.${place}.${high}.${low + 1}:51820` as Endpoint,
      ];
      return new Path(ends, oneWay(), scenario.conditions, random);
    }) as unknown as [Path, Path];
    this.#node = new Node(keyOf(index), 1);
    const keys = [hub.publicKey, this.#node.publicKey] as const;
    const firstKey = newId();
    const ageMs = 4_000 + random() * 100_000;
    const session = (end: 0 | 1): Session =>
      new Session({
        clock,
        publicKey: keys[1 - end] ?? "",
        endpoint: this.#paths[0].ends[1 - end] as Endpoint,
        firstKey,
        isInitiator: end === 0,
        ageMs,
        send: (packet, to) => this.#send(end, packet, to),
        onAnswer: (id, from) => this.#ends[end].answer(id, from),
        onData: (data) => this.#arrived(end, data),
        onUnreadable: () => this.unreadable++,
      });
    this.#sessions = [session(0), session(1)];
    const end = (place: 0 | 1): End =>
      new End({
        clock,
        node: place === 0 ? hub : this.#node,
        spec: specOf(
          keys[1 - place] ?? "",
          this.#paths.map(({ ends }) => ends[1 - place] as Endpoint),
        ),
        session: this.#sessions[place],
        ask: (id, stamp, to) => this.#send(place, { kind: "initiation", id, stamp, isRace: true }, to),
        onPoll: () => {
          if (place === 0) this.polls++;
        },
      });
    this.#ends = [end(0), end(1)];
    if (this.flow !== "idle") clock.after(random() * intervals[this.flow], () => this.#flow());
    const { death } = scenario;
    if (death && index % death.every === 0) clock.after(death.atMs + random() * 1_000, () => this.#die());
  }

  get changes(): number {
    return this.#ends[0].changes + this.#ends[1].changes;
  }

  get losses(): number {
    return this.#ends[0].losses + this.#ends[1].losses;
  }

  get isDead(): boolean {
    return this.#diedAt < Number.POSITIVE_INFINITY;
  }

  #flow(): void {
    const { clock } = this.#options;
    if (this.flow === "idle") return;
    this.data++;
    if (this.flow === "one way") this.#sessions[0].send("one way", smallBytes);
    else this.#sessions[0].send("request", this.flow === "pings" ? smallBytes : largeBytes);
    clock.after(intervals[this.flow], () => this.#flow());
  }

  #arrived(end: 0 | 1, { what, bytes, sentAt }: Packet & { kind: "data" }): void {
    if (what === "request") this.#sessions[end].send("reply", bytes, sentAt);
    if (what === "reply" && sentAt >= this.#diedAt) this.healedMs ??= this.#options.clock.now - this.#diedAt;
  }

  #send(from: 0 | 1, packet: Packet, to: Endpoint): void {
    const { clock } = this.#options;
    const path = this.#paths.find(({ ends }) => ends[1 - from] === to);
    const ms = path?.carry(clock.now);
    const source = path?.ends[from];
    if (ms === undefined || source === undefined) return;
    clock.after(ms, () => this.#sessions[from === 0 ? 1 : 0].receive(packet, source));
  }

  #die(): void {
    const { now } = this.#options.clock;
    const used = this.#paths.find(({ ends }) => ends[1] === this.#sessions[0].endpoint);
    if (used) used.diesAt = now;
    this.#diedAt = now;
  }
}

function specOf(publicKey: string, announced: readonly Endpoint[]): PeerSpec {
  return {
    nodeId: publicKey,
    label: publicKey,
    publicKey,
    address: "fd00::1" as Address, // of no matter for connecting
    allowedIPs: [],
    refusedPrefixes: [],
    ...sortCandidates(announced, {
      nodeId: publicKey,
      ownAddresses: new Set(),
      ownNetworks: [],
      routed: new PrefixIndex(),
      shared: new Set(),
      dial: noDialRules,
    }),
  };
}
