import { emptyHarvest, type Harvest, harvest, turnDueIn } from "../src/members/index.ts";
import type { Endpoint } from "../src/net/index.ts";
import {
  answered,
  type Budget,
  type Connecting,
  type Contest,
  type Heard,
  handOverIn,
  isKnocking,
  type Knocking,
  mostEndpoints,
  type PacketBudget,
  type Path,
  type PeerSpec,
  type PeerState,
  raceTimings,
  type Tracked,
  type Turn,
  trackPeers,
  waitingTurn,
} from "../src/peers/index.ts";
import type { DesiredPeer } from "../src/wireguard/index.ts";
import { type Device, newId, type Surroundings, stampOf } from "./device.ts";
import { Queue } from "./queue.ts";
import { specOf } from "./spec.ts";

/** A node that connects by some policy. */
export interface SimNode {
  /** Discovery tells of a peer, or of other endpoints of one that is known. */
  learn(index: number, announced: readonly Endpoint[]): void;
}

export interface MeshNodeOptions {
  readonly isRacing: boolean;
  readonly around: Surroundings;
  readonly members: readonly string[];
  /** A peer that was up is not any more. */
  readonly onLoss: (peer: number) => void;
  readonly onAttempt: () => void;
  /** An initiation was sent, by a race or by WireGuard. */
  readonly onPacket: () => void;
  readonly publish: (peer: number, endpoint: Endpoint) => void;
}

interface Known {
  readonly index: number;
  spec: PeerSpec;
  announced: readonly Endpoint[];
  dueAt: number;
  state: PeerState;
  sentStamp: number;
}

/** What a pass of the daemon takes, in milliseconds: so long after one begins the next. */
const passTime = (peers: number): number => 10 + 0.03 * peers;
/** After a peer came up, when what is seen of it is looked at. */
const harvestDelay = 500;
/** How often it is counted whom WireGuard is calling, and who waits: the daemon does at each look. */
const countingPause = 500;

/**
 * A node that decides as the daemon does, with the daemon's own code: `trackPeers` and `harvest`. Peers are looked at
 * when `trackPeers` wanted them to be, each by itself: a look at all of a thousand for the sake of one would take too long.
 */
export class MeshNode implements SimNode {
  readonly #device: Device;
  readonly #options: MeshNodeOptions;
  readonly #known = new Map<number, Known>();
  readonly #byKey = new Map<string, Known>();
  /** When peers are to be looked at; an entry counts if it is still what its peer says. */
  readonly #due = new Queue<Known>();
  readonly #attempts = new Map<
    string,
    Tracked["attempts"] extends ReadonlyMap<string, infer A> ? A : never
  >();
  readonly #contests = new Map<string, Contest>();
  readonly #heard = new Map<string, Heard>();
  readonly #health = new Map<string, Tracked["health"] extends ReadonlyMap<string, infer H> ? H : never>();
  readonly #races = new Map<
    number,
    { readonly known: Known; readonly endpoints: ReadonlySet<Endpoint>; readonly sentAt: number }
  >();
  readonly #paths = new Map<string, Path>();
  readonly #turns = new Map<string, Turn>();
  readonly #proven = new Set<string>();
  #knocking: Knocking = { proven: 0, unproven: 0 };
  #knockingAt = 0;
  #waiting = { proven: 0, unproven: 0 };
  #budget: PacketBudget | undefined;
  #searches: Budget | undefined;
  #harvest: Harvest = emptyHarvest;
  #harvestAt = Number.POSITIVE_INFINITY;
  #lookAt = Number.POSITIVE_INFINITY;
  #passAt = 0;

  constructor(device: Device, options: MeshNodeOptions) {
    this.#device = device;
    this.#options = options;
    device.onAnswer = (id, source) => this.#answer(id, source);
    device.onInitiation = options.onPacket;
  }

  learn(index: number, announced: readonly Endpoint[]): void {
    const { devices, clock } = this.#options.around;
    const peer = devices[index];
    if (!peer) return;
    const known = this.#known.get(index);
    const spec = specOf(this.#device.host.site, peer, announced);
    if (known) {
      Object.assign(known, { spec, announced });
      this.#lookAgain(known, clock.now);
    } else {
      const fresh: Known = { index, spec, announced, dueAt: Infinity, state: "unknown", sentStamp: -1 };
      this.#known.set(index, fresh);
      this.#byKey.set(spec.publicKey, fresh);
      this.#lookAgain(fresh, clock.now);
    }
    this.#wake(0);
  }

  #lookAgain(known: Known, at: number): void {
    known.dueAt = at;
    if (at < Number.POSITIVE_INFINITY) this.#due.push(at, known);
  }

  /** Those whose time has come, once each; what is first then is to come. */
  #takeDue(now: number): Known[] {
    const due = new Set<Known>();
    for (let next = this.#due.first; next; next = this.#due.first) {
      const isCurrent = next.item.dueAt === next.at && !due.has(next.item);
      if (isCurrent && next.at > now) break;
      this.#due.pop();
      if (isCurrent) due.add(next.item);
    }
    return [...due];
  }

  #wake(inMs: number): void {
    const { clock } = this.#options.around;
    const at = Math.max(clock.now + inMs, this.#passAt);
    if (at >= this.#lookAt) return;
    this.#lookAt = at;
    clock.after(at - clock.now, () => {
      if (this.#lookAt === at) this.#look();
    });
  }

  #look(): void {
    const { now } = this.#options.around.clock;
    this.#lookAt = Number.POSITIVE_INFINITY;
    this.#passAt = now + passTime(this.#options.members.length);
    const due = this.#takeDue(now);
    if (due.length > 0) this.#track(due, now);
    if (now >= this.#harvestAt) this.#publish(now);
    const next = Math.min(this.#harvestAt, this.#due.first?.at ?? Number.POSITIVE_INFINITY);
    if (next < Number.POSITIVE_INFINITY) this.#wake(next - now);
  }

  /** One after the other, in the order in which a look at all would have it: each is to have its own next look. */
  #track(due: Known[], now: number): void {
    this.#countKnocking(now);
    const latest = ({ spec: { publicKey } }: Known): number =>
      Math.max(this.#attempts.get(publicKey)?.since ?? 0, this.#contests.get(publicKey)?.lastAt ?? 0);
    const queue = due.map((known) => ({ known, turn: this.#turn(known), latest: latest(known) }));
    queue.sort((left, right) => left.turn - right.turn || left.latest - right.latest);
    for (const { known } of queue) this.#trackOne(known, now);
  }

  /** Without one who waits, there is no order to keep. */
  #turn({ spec: { publicKey, candidates } }: Known): number {
    if (this.#waiting.proven + this.#waiting.unproven === 0) return 0;
    const { count = 0 } = this.#budget?.[this.#proven.has(publicKey) ? "proven" : "unproven"] ?? {};
    return waitingTurn(this.#turns.get(publicKey), count).at + Math.min(candidates.length, mostEndpoints);
  }

  #countKnocking(now: number): void {
    if (now - this.#knockingAt < countingPause) return;
    this.#knockingAt = now;
    const counts = { proven: 0, unproven: 0 };
    for (const { spec, state } of this.#known.values())
      if (state !== "up" && isKnocking(this.#device.peers.get(spec.publicKey)))
        counts[this.#proven.has(spec.publicKey) ? "proven" : "unproven"]++;
    this.#knocking = counts;
    const waiting = { proven: 0, unproven: 0 };
    for (const [key, { isWaiting }] of this.#turns)
      if (isWaiting) waiting[this.#proven.has(key) ? "proven" : "unproven"]++;
    this.#waiting = waiting;
  }

  #trackOne(known: Known, now: number): void {
    const { spec } = known;
    const tracked = trackPeers([spec], this.#device.view, this.#attempts, now, "known", this.#connecting());
    this.#budget = tracked.budget;
    this.#searches = tracked.ways.budget;
    this.#keep(known, tracked, now);
    const [peer] = tracked.peers;
    if (tracked.races.length > 0 || peer?.dial !== undefined) this.#options.onAttempt();
    if (peer) this.#apply(known, peer);
    for (const { endpoints } of tracked.races) this.#race(known, endpoints, now);
  }

  #connecting(): Connecting {
    const ways = this.#searches && { paths: this.#paths, budget: this.#searches };
    const peers = this.#options.members.length - 1;
    const connecting = {
      peers,
      budget: this.#budget,
      turns: this.#turns,
      knocking: this.#knocking,
      waiting: this.#waiting,
      isProven: (publicKey: string) => this.#proven.has(publicKey),
      health: this.#health,
      ways,
    };
    if (!this.#options.isRacing) return connecting;
    const { publicKey: ownKey } = this.#device;
    return {
      ...connecting,
      racing: { contests: this.#contests, heard: this.#heard, ownKey, mayDialSerially: true },
    };
  }

  #keep(known: Known, tracked: Tracked, now: number): void {
    const key = known.spec.publicKey;
    replace(this.#attempts, key, tracked.attempts.get(key));
    replace(this.#turns, key, tracked.turns.get(key));
    if (tracked.working.has(key)) this.#proven.add(key);
    replace(this.#contests, key, tracked.contests.get(key));
    replace(this.#heard, key, tracked.heard.get(key));
    replace(this.#health, key, tracked.health.get(key));
    replace(this.#paths, key, tracked.ways.paths.get(key));
    const state = tracked.states.get(key) ?? "unknown";
    if (known.state === "up" && state !== "up") this.#options.onLoss(known.index);
    if (known.state !== "up" && state === "up")
      this.#harvestAt = Math.min(this.#harvestAt, now + harvestDelay);
    known.state = state;
    this.#lookAgain(known, now + (tracked.wakeIn ?? Number.POSITIVE_INFINITY));
  }

  /** As `planPeers` has it. */
  #apply({ index, spec }: Known, peer: DesiredPeer): void {
    const before = this.#device.peers.get(spec.publicKey);
    const observed = peer.isParked ? undefined : before;
    const isUsed = observed !== undefined && (observed.keepaliveSeconds > 0 || observed.receivedBytes > 0);
    if (peer.isParked || (peer.dial !== undefined && isUsed)) this.#device.remove(index);
    const isOn = observed !== undefined && observed.keepaliveSeconds > 0;
    const keepalive = peer.isWaiting === true && !isOn ? 0 : 25;
    const endpoint = peer.dial ?? peer.move;
    if (!observed || endpoint !== undefined || observed.keepaliveSeconds !== keepalive)
      this.#device.set(index, { endpoint, keepalive });
  }

  #race(known: Known, endpoints: readonly Endpoint[], now: number): void {
    if (stampOf(now) <= known.sentStamp) return;
    known.sentStamp = stampOf(now);
    const id = newId();
    this.#races.set(id, { known, endpoints: new Set(endpoints), sentAt: now });
    this.#device.race(known.index, id, endpoints);
  }

  #answer(id: number, source: Endpoint): void {
    const { now } = this.#options.around.clock;
    const race = this.#races.get(id);
    const key = race?.known.spec.publicKey ?? "";
    const contest = this.#contests.get(key);
    if (!race?.endpoints.has(source) || !contest) return;
    this.#races.delete(id);
    const answer = { endpoint: source, sentAt: race.sentAt, answeredAt: now };
    this.#contests.set(key, answered(contest, answer));
    const inMs = handOverIn(answer, now, raceTimings);
    if (now + inMs < race.known.dueAt) this.#lookAgain(race.known, now + inMs);
    this.#wake(inMs);
  }

  #publish(now: number): void {
    const { members, publish } = this.#options;
    const peers = [...this.#known.values()].map(({ spec, state, announced }) => ({
      nodeId: spec.nodeId,
      state,
      announced,
      observed: this.#device.peers.get(spec.publicKey)?.endpoint,
    }));
    const before = this.#harvest;
    this.#harvest = harvest(peers, { own: this.#device.publicKey, members }, before, now);
    for (const [nodeId, endpoints] of this.#harvest.published)
      for (const endpoint of endpoints) {
        const known = this.#byKey.get(nodeId);
        if (known && !before.published.get(nodeId)?.includes(endpoint)) publish(known.index, endpoint);
      }
    this.#harvestAt = now + (turnDueIn(this.#harvest, now) ?? Number.POSITIVE_INFINITY);
  }
}

function replace<Value>(map: Map<string, Value>, key: string, value: Value | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}
