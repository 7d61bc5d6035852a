import { emptyHarvest, type Harvest, harvest, turnDueIn } from "../src/members/index.ts";
import type { Endpoint } from "../src/net/index.ts";
import {
  answered,
  type Budget,
  type Circumstances,
  type Connection,
  handOverInMs,
  isKnocking,
  isRaced,
  type Knocking,
  mostEndpoints,
  type PacketBudget,
  type PeerSpec,
  type Polled,
  pollPeers,
  stateOf,
  takenAtOf,
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
  sentStamp: number;
}

/** What a pass of the daemon takes, in milliseconds: so long after one begins the next. */
const passTime = (peers: number): number => 10 + 0.03 * peers;
/** After a peer came up, when it is considered what is seen of it. */
const harvestDelay = 500;
/**
 * The interval of counting whom WireGuard is calling, who waits, and whose endpoint is another's, too; the daemon counts at
 * each poll.
 */
const countingPause = 500;

/**
 * A node that decides as the daemon does, with the daemon's own code: `pollPeers` and `harvest`. Peers are polled
 * when `pollPeers` wanted them to be, each by itself: a poll of all of a thousand for the sake of one would take too long.
 */
export class MeshNode implements SimNode {
  readonly #device: Device;
  readonly #options: MeshNodeOptions;
  readonly #known = new Map<number, Known>();
  readonly #byKey = new Map<string, Known>();
  /** The times at which peers are to be polled. An entry counts if its peer still has that time. */
  readonly #due = new Queue<Known>();
  readonly #connections = new Map<string, Connection>();
  readonly #races = new Map<
    number,
    { readonly known: Known; readonly endpoints: ReadonlySet<Endpoint>; readonly sentAt: number }
  >();
  readonly #proven = new Set<string>();
  #knocking: Knocking = { proven: 0, unproven: 0 };
  #knockingAt = 0;
  #waiting = { proven: 0, unproven: 0 };
  #taken: ReadonlyMap<string, number> = new Map();
  #packets: PacketBudget | undefined;
  #probes: Budget | undefined;
  #harvest: Harvest = emptyHarvest;
  #harvestAt = Number.POSITIVE_INFINITY;
  #pollAt = Number.POSITIVE_INFINITY;
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
      this.#pollAgain(known, clock.now);
    } else {
      const fresh: Known = { index, spec, announced, dueAt: Infinity, sentStamp: -1 };
      this.#known.set(index, fresh);
      this.#byKey.set(spec.publicKey, fresh);
      this.#pollAgain(fresh, clock.now);
    }
    this.#wake(0);
  }

  #pollAgain(known: Known, at: number): void {
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
    if (at >= this.#pollAt) return;
    this.#pollAt = at;
    clock.after(at - clock.now, () => {
      if (this.#pollAt === at) this.#pollDue();
    });
  }

  #pollDue(): void {
    const { now } = this.#options.around.clock;
    this.#pollAt = Number.POSITIVE_INFINITY;
    this.#passAt = now + passTime(this.#options.members.length);
    const due = this.#takeDue(now);
    if (due.length > 0) this.#track(due, now);
    if (now >= this.#harvestAt) this.#publish(now);
    const next = Math.min(this.#harvestAt, this.#due.first?.at ?? Number.POSITIVE_INFINITY);
    if (next < Number.POSITIVE_INFINITY) this.#wake(next - now);
  }

  /** One after the other, in the order in which a poll of all would have it: each is to have its own next poll. */
  #track(due: Known[], now: number): void {
    this.#countKnocking(now);
    const latest = ({ spec: { publicKey } }: Known): number => {
      const connection = this.#connections.get(publicKey);
      const race = connection && connection.phase !== "up" ? connection.race : undefined;
      return Math.max(connection?.attempt?.since ?? 0, race?.lastAt ?? 0);
    };
    const queue = due.map((known) => ({ known, turn: this.#turn(known), latest: latest(known) }));
    queue.sort((left, right) => left.turn - right.turn || left.latest - right.latest);
    for (const { known } of queue) this.#trackOne(known, now);
  }

  /** Without one who waits, there is no order to keep. */
  #turn({ spec: { publicKey, endpoints } }: Known): number {
    if (this.#waiting.proven + this.#waiting.unproven === 0) return 0;
    const { count = 0 } = this.#packets?.[this.#proven.has(publicKey) ? "proven" : "unproven"] ?? {};
    return (
      waitingTurn(turnOf(this.#connections.get(publicKey)), count).at +
      Math.min(endpoints.length, mostEndpoints)
    );
  }

  #countKnocking(now: number): void {
    if (now - this.#knockingAt < countingPause) return;
    this.#knockingAt = now;
    const counts = { proven: 0, unproven: 0 };
    const waiting = { proven: 0, unproven: 0 };
    for (const {
      spec: { publicKey },
    } of this.#known.values()) {
      const connection = this.#connections.get(publicKey);
      const standing = this.#proven.has(publicKey) ? "proven" : "unproven";
      if (stateOf(connection) !== "up" && isKnocking(this.#device.peers.get(publicKey))) counts[standing]++;
      if (turnOf(connection)?.isWaiting) waiting[standing]++;
    }
    this.#knocking = counts;
    this.#waiting = waiting;
    this.#taken = takenAtOf(this.#device.peers.values());
  }

  #trackOne(known: Known, now: number): void {
    const { spec } = known;
    const before = { connections: this.#connections, packets: this.#packets, probes: this.#probes };
    const polled = pollPeers([spec], this.#device.view, before, now, "known", this.#circumstances());
    this.#packets = polled.memory.packets;
    this.#probes = polled.memory.probes;
    this.#keep(known, polled, now);
    const [peer] = polled.peers;
    if (polled.races.length > 0 || peer?.action.kind === "dial") this.#options.onAttempt();
    if (peer) this.#apply(known, peer);
    for (const { endpoints } of polled.races) this.#race(known, endpoints, now);
  }

  #circumstances(): Circumstances {
    const racing = { ownKey: this.#device.publicKey, mayDialSerially: true };
    return {
      all: {
        count: this.#options.members.length - 1,
        knocking: this.#knocking,
        waiting: this.#waiting,
        taken: this.#taken,
      },
      isProven: (publicKey: string) => this.#proven.has(publicKey),
      ...(this.#options.isRacing && { racing }),
    };
  }

  #keep(known: Known, polled: Polled, now: number): void {
    const { publicKey } = known.spec;
    const before = stateOf(this.#connections.get(publicKey));
    const connection = polled.memory.connections.get(publicKey);
    if (connection) this.#connections.set(publicKey, connection);
    if (polled.working.has(publicKey)) this.#proven.add(publicKey);
    const state = stateOf(connection);
    if (before === "up" && state !== "up") this.#options.onLoss(known.index);
    if (before !== "up" && state === "up") this.#harvestAt = Math.min(this.#harvestAt, now + harvestDelay);
    this.#pollAgain(known, now + (polled.wakeInMs ?? Number.POSITIVE_INFINITY));
  }

  /** Carries an action out on the device, as the steps of `planPeers` do. */
  #apply({ index, spec }: Known, peer: DesiredPeer): void {
    const before = this.#device.peers.get(spec.publicKey);
    const { action } = peer;
    const isParked = action.kind === "park";
    const observed = isParked ? undefined : before;
    const isUsed = observed !== undefined && (observed.keepaliveSeconds > 0 || observed.receivedBytes > 0);
    if (isParked || (action.kind === "dial" && isUsed)) this.#device.remove(index);
    const isOn = observed !== undefined && observed.keepaliveSeconds > 0;
    const keepalive = (isParked || action.kind === "wait") && !isOn ? 0 : 25;
    const endpoint = "endpoint" in action ? action.endpoint : undefined;
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
    const connection = this.#connections.get(key);
    if (!race?.endpoints.has(source) || !connection) return;
    this.#races.delete(id);
    const { sentAt } = race;
    const answer = { endpoint: source, sentAt, answeredAt: now, roundTripMs: now - sentAt };
    this.#connections.set(key, answered(connection, answer));
    if (!isRaced(connection)) return;
    const inMs = handOverInMs(answer, now);
    if (now + inMs < race.known.dueAt) this.#pollAgain(race.known, now + inMs);
    this.#wake(inMs);
  }

  #publish(now: number): void {
    const { members, publish } = this.#options;
    const peers = [...this.#known.values()].map(({ spec, announced }) => ({
      nodeId: spec.nodeId,
      state: stateOf(this.#connections.get(spec.publicKey)),
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

/** In the budget, of a peer of which something is wanted. */
const turnOf = (connection: Connection | undefined) =>
  !connection || connection.phase === "up" ? undefined : connection.turn;
