import type { Endpoint } from "../../src/net/index.ts";
import {
  answered,
  type Connection,
  handOverInMs,
  isUnanswered,
  noPeers,
  pollPeers,
} from "../../src/peers/index.ts";
import { type Paces, takePassage, takeProof, takeSearch } from "../../src/relay/index.ts";
import type { DesiredPeer, ObservedPeer } from "../../src/wireguard/index.ts";
import { Clock } from "../clock.ts";
import type { Random } from "../random.ts";
import type { MemberPair } from "./load.ts";
import { type Entry, type Node, otherEnd, type Pair } from "./node.ts";
import { distance, entryOf, type Member, type RelayWorld, roundTrip } from "./world.ts";

export interface DeathOptions {
  readonly world: RelayWorld;
  readonly relay: Member;
  readonly pairs: readonly MemberPair[];
  /** The share of the pairs that send data all the time; the others have keepalives only. */
  readonly busy: number;
  /** The time before the relay dies, and after it, in milliseconds. */
  readonly before: number;
  readonly after: number;
  readonly random: Random;
}

export interface Death {
  /** The changes of relays before the death, of all pairs. */
  readonly changes: number;
  /** The times in milliseconds from the death until pairs with data, and those without, had a session by another relay. */
  readonly busy: readonly number[];
  readonly idle: readonly number[];
  /** The pairs that have none at the end. */
  readonly lost: number;
  /** The handshakes that the busiest other relay passed on in one second, and the pairs that it got. */
  readonly mostPassed: number;
  readonly mostPairs: number;
  /** The handshakes that one node sent in one second. */
  readonly mostSent: number;
}

const [bytesPerMs, keepaliveBytes, keepaliveMs, renewalMs] = [2, 32, 25_000, 120_000];

/** The pairs of one relay, with the daemon's decisions at both ends and at other relays, before and after that dies. */
export class RelayDeath {
  readonly #options: DeathOptions;
  readonly #clock = new Clock();
  readonly #nodes = new Map<Member, Node>();
  readonly #pairs: readonly Pair[];
  readonly #relayAt: ReadonlyMap<Endpoint, Member>;
  readonly #paces = new Map<Member, Map<string, { left: number; at: number }>>();
  readonly #proven = new Set<string>();
  readonly #perSecond = new Map<string, number>();
  #diedAt = Number.POSITIVE_INFINITY;

  constructor(options: DeathOptions) {
    this.#options = options;
    const { world, relay, pairs, busy, random } = options;
    this.#relayAt = new Map(world.relays.map((each) => [each.endpoint, each]));
    this.#pairs = pairs.map((ends) => ({
      ends,
      isBusy: random() < busy,
      session: { relay, at: this.#clock.now },
      changes: 0,
      backAt: undefined,
    }));
    for (const pair of this.#pairs) {
      const [one, other] = pair.ends;
      this.#add(one, other, pair);
      this.#add(other, one, pair);
    }
  }

  run(): Death {
    const { before, after } = this.#options;
    for (const node of this.#nodes.values()) this.#wake(node, 2_000 * this.#options.random());
    this.#clock.run(before, () => false);
    const changes = this.#pairs.reduce((sum, pair) => sum + pair.changes, 0);
    this.#perSecond.clear();
    this.#diedAt = this.#clock.now;
    this.#clock.run(before + after, () => false);
    const times = (isBusy: boolean): number[] =>
      this.#pairs.flatMap((pair) =>
        pair.isBusy === isBusy && pair.backAt !== undefined ? [pair.backAt - this.#diedAt] : [],
      );
    const counts = (kind: string): number[] =>
      [...this.#perSecond].flatMap(([name, count]) => (name.startsWith(kind) ? [count] : []));
    const added = Map.groupBy(this.#pairs, ({ session }) => session?.relay);
    return {
      changes,
      busy: times(true),
      idle: times(false),
      lost: this.#pairs.filter(({ backAt }) => backAt === undefined).length,
      mostPassed: Math.max(0, ...counts("passed")),
      mostPairs: Math.max(
        ...[...added].map(([relay, got]) => (relay === this.#options.relay ? 0 : got.length)),
      ),
      mostSent: Math.max(0, ...counts("sent")),
    };
  }

  #add(member: Member, peer: Member, pair: Pair): void {
    const { relay, world } = this.#options;
    const known = this.#nodes.get(member);
    const node: Node = known ?? {
      member,
      // Objects of this node's own, as in its daemon: what stands in for a peer is kept by the peer's object.
      specs: [{ ...relay.spec }],
      pairs: new Map(),
      entries: new Map([[relay.spec.publicKey, this.#entry(relay)]]),
      dials: new Map(),
      memory: noPeers,
      countedAt: this.#clock.now,
      dueAt: Number.POSITIVE_INFINITY,
      standIns: world.standIns(member),
    };
    this.#nodes.set(member, node);
    node.specs.push({ ...peer.spec });
    node.pairs.set(peer.spec.publicKey, pair);
    node.entries.set(peer.spec.publicKey, this.#entry(peer));
  }

  #entry(peer: Member): Entry {
    const { endpoint } = this.#options.relay;
    return { ...entryOf(peer, endpoint), endpoint, handshakeAt: this.#clock.now, receivedBytes: 1_000 };
  }

  #isAlive = (relay: Member): boolean => relay !== this.#options.relay || this.#clock.now < this.#diedAt;

  #wake(node: Node, inMs: number): void {
    const at = this.#clock.now + inMs;
    if (at >= node.dueAt) return;
    node.dueAt = at;
    this.#clock.after(inMs, () => {
      if (node.dueAt === at) this.#poll(node);
    });
  }

  #poll(node: Node): void {
    const { now } = this.#clock;
    this.#count(node, now);
    this.#follow(node);
    const { world } = this.#options;
    const none = { proven: 0, unproven: 0 };
    const device = {
      listenPort: 51_820,
      firewallMark: 0x20,
      peers: new Map<string, ObservedPeer>(node.entries),
    };
    const polled = pollPeers(node.specs, device, node.memory, now, "known", {
      racing: { ownKey: node.member.spec.publicKey, mayDialSerially: true },
      standIns: node.standIns,
      isProven: () => true,
      all: { count: world.members.length - 1, knocking: none, waiting: none },
    });
    node.memory = polled.memory;
    node.dueAt = Number.POSITIVE_INFINITY;
    for (const peer of polled.peers) this.#apply(node, peer);
    for (const { publicKey, endpoints } of polled.races) this.#race(node, publicKey, endpoints);
    this.#wake(node, Math.max(1, polled.wakeInMs ?? 2_000));
  }

  /** The relays among which the node chooses, now that it knows whether this one answers. */
  #follow(node: Node): void {
    const { world, relay } = this.#options;
    const seen = node.memory.connections.get(relay.spec.publicKey);
    const isLost = seen !== undefined && (seen.phase === "connecting" || isUnanswered(seen));
    const before = node.standIns;
    node.standIns = world.standIns(node.member, before, isLost ? { relay, seen } : undefined);
  }

  /** What came and went since the last poll. */
  #count(node: Node, now: number): void {
    for (const [publicKey, entry] of node.entries) {
      const pair = node.pairs.get(publicKey);
      const session = pair ? pair.session : { relay: this.#options.relay, at: 0 };
      if (!session) continue;
      const end = session.relay === this.#options.relay ? Math.min(now, this.#diedAt) : now;
      const from = Math.max(node.countedAt, session.at);
      const bytes = (until: number): number =>
        pair?.isBusy
          ? Math.max(0, until - from) * bytesPerMs
          : keepaliveBytes * Math.max(0, Math.floor(until / keepaliveMs) - Math.floor(from / keepaliveMs));
      entry.receivedBytes += bytes(end);
      entry.sentBytes += bytes(now);
      if (end === now && now - entry.handshakeAt > renewalMs) entry.handshakeAt = now;
    }
    node.countedAt = now;
  }

  #apply(node: Node, { publicKey, action }: DesiredPeer): void {
    const entry = node.entries.get(publicKey);
    const pair = node.pairs.get(publicKey);
    if (!entry || action.kind !== "dial") return;
    const dial = (node.dials.get(publicKey) ?? 0) + 1;
    node.dials.set(publicKey, dial);
    const { handshakeAt: _, ...rest } = entry;
    node.entries.set(publicKey, {
      ...rest,
      endpoint: action.endpoint,
      receivedBytes: 0,
      sentBytes: 148,
    } as Entry);
    if (!pair) return;
    pair.session = undefined;
    this.#handshake(node, pair, { dial, publicKey, to: action.endpoint });
  }

  /** WireGuard's own, which it repeats after five seconds. */
  #handshake(node: Node, pair: Pair, at: { dial: number; publicKey: string; to: Endpoint }): void {
    if (node.dials.get(at.publicKey) !== at.dial || pair.session) return;
    this.#tally("sent", node.member, 1);
    const relay = this.#relayAt.get(at.to);
    const other = otherEnd(pair, node.member);
    if (relay && this.#isAlive(relay) && this.#passes(relay, node.member, other))
      this.#clock.after(roundTrip(pair.ends, relay), () => {
        if (node.dials.get(at.publicKey) === at.dial) this.#establish(pair, relay);
      });
    this.#clock.after(5_000, () => this.#handshake(node, pair, at));
  }

  #establish(pair: Pair, relay: Member): void {
    const { now } = this.#clock;
    pair.session = { relay, at: now };
    if (now > this.#diedAt) pair.backAt ??= now;
    pair.changes++;
    for (const end of pair.ends) {
      const node = this.#nodes.get(end);
      const key = otherEnd(pair, end).spec.publicKey;
      const entry = node?.entries.get(key);
      if (!node || !entry) continue;
      this.#count(node, now);
      const received = { receivedBytes: entry.receivedBytes + 148, sentBytes: entry.sentBytes + 92 };
      node.entries.set(key, { ...entry, ...received, endpoint: relay.endpoint, handshakeAt: now });
    }
  }

  #race(node: Node, publicKey: string, endpoints: readonly Endpoint[]): void {
    const { now } = this.#clock;
    this.#tally("sent", node.member, endpoints.length);
    const pair = node.pairs.get(publicKey);
    const answers = endpoints.flatMap((endpoint) => {
      const relay = this.#relayAt.get(endpoint);
      if (!relay || !this.#isAlive(relay)) return [];
      if (!pair) return [{ endpoint, ms: 2 * distance(node.member, relay) }];
      return this.#passes(relay, node.member, otherEnd(pair, node.member))
        ? [{ endpoint, ms: roundTrip(pair.ends, relay) * (1 + this.#options.random() / 10) }]
        : [];
    });
    const [first] = answers.sort((left, right) => left.ms - right.ms);
    if (!first) return;
    this.#clock.after(first.ms, () => {
      const connection = node.memory.connections.get(publicKey);
      if (!connection) return;
      const answeredAt = this.#clock.now;
      const answer = { endpoint: first.endpoint, sentAt: now, answeredAt, roundTripMs: first.ms };
      const connections = new Map<string, Connection>(node.memory.connections);
      node.memory = { ...node.memory, connections: connections.set(publicKey, answered(connection, answer)) };
      this.#wake(node, handOverInMs(answer, answeredAt));
    });
  }

  /** Whether a relay passes a handshake on, by the paces of the daemon. Whoever is refused proves himself the next time. */
  #passes(relay: Member, from: Member, to: Member): boolean {
    const { now } = this.#clock;
    const paces = this.#paces.get(relay) ?? new Map<string, { left: number; at: number }>();
    this.#paces.set(relay, paces);
    const initiator = from.spec.publicKey;
    const asking = { initiator, isProven: this.#proven.has(`${relay.index} ${initiator}`) };
    const taken = [takeSearch, (all: Paces) => takePassage(all, asking, to.spec.publicKey, now)].map((take) =>
      take(paces, asking, now),
    );
    for (const each of taken) for (const [name, budget] of each ?? []) paces.set(name, budget);
    if (taken.includes(undefined)) {
      if (takeProof(paces, asking, now)) this.#proven.add(`${relay.index} ${initiator}`);
      return false;
    }
    this.#tally("passed", relay, 1);
    return true;
  }

  #tally(what: string, { index }: Member, count: number): void {
    const name = `${what} ${index} ${Math.floor(this.#clock.now / 1000)}`;
    this.#perSecond.set(name, (this.#perSecond.get(name) ?? 0) + count);
  }
}
