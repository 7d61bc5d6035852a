import type { Endpoint } from "../../src/net/index.ts";
import {
  answered,
  type Circumstances,
  handOverInMs,
  isRaced,
  noPeers,
  type PeerSpec,
  type Peers,
  pollPeers,
  stateOf,
} from "../../src/peers/index.ts";
import type { ObservedDevice } from "../../src/wireguard/index.ts";
import type { Clock } from "../clock.ts";
import { newId, stampOf } from "../device.ts";
import type { Session } from "./session.ts";

/** What the connections of one node share: its budgets, and the number of its peers. */
export class Node {
  readonly publicKey: string;
  readonly peers: number;
  packets: Peers["packets"] = noPeers.packets;
  probes: Peers["probes"] = noPeers.probes;
  /** Initiations of races, and the most of them in one second. */
  initiations = 0;
  mostInASecond = 0;
  readonly #second = { at: 0, count: 0 };

  constructor(publicKey: string, peers: number) {
    this.publicKey = publicKey;
    this.peers = peers;
  }

  /** An initiation is sent. */
  sent(now: number): void {
    this.initiations++;
    const at = Math.floor(now / 1000);
    if (at !== this.#second.at) Object.assign(this.#second, { at, count: 0 });
    this.mostInASecond = Math.max(this.mostInASecond, ++this.#second.count);
  }
}

interface EndOptions {
  readonly clock: Clock;
  readonly node: Node;
  readonly spec: PeerSpec;
  readonly session: Session;
  /** Sends an initiation of a race. */
  readonly ask: (id: number, stamp: number, to: Endpoint) => void;
  readonly onPoll: () => void;
}

/** One end of a pair: what the daemon decides there about its peer, with the daemon's own code. */
export class End {
  readonly #options: EndOptions;
  readonly #asked = new Map<number, { readonly sentAt: number; readonly endpoints: readonly Endpoint[] }>();
  #connections: Peers["connections"] = new Map();
  #pollAt = Number.POSITIVE_INFINITY;
  #stamp = 0;
  /** The number of times that the peer was found not to be up any more. */
  losses = 0;

  constructor(options: EndOptions) {
    this.#options = options;
    this.#poll();
    // The race that once connected the two told how long an answer takes.
    this.#race([options.session.endpoint], options.clock.now);
  }

  get changes(): number {
    return this.#connection?.path?.changes ?? 0;
  }

  get #connection() {
    return this.#connections.get(this.#options.spec.publicKey);
  }

  wake(inMs: number): void {
    const { clock } = this.#options;
    const at = clock.now + inMs;
    if (at >= this.#pollAt) return;
    this.#pollAt = at;
    clock.after(inMs, () => {
      if (this.#pollAt === at) this.#poll();
    });
  }

  /** The peer answered a race. */
  answer(id: number, endpoint: Endpoint): void {
    const { clock, spec } = this.#options;
    const asked = this.#asked.get(id);
    const connection = this.#connection;
    if (!asked?.endpoints.includes(endpoint) || !connection) return;
    this.#asked.clear();
    const { sentAt } = asked;
    const answer = { endpoint, sentAt, answeredAt: clock.now, roundTripMs: clock.now - sentAt };
    this.#connections = new Map([[spec.publicKey, answered(connection, answer)]]);
    if (isRaced(connection)) this.wake(handOverInMs(answer, clock.now));
  }

  #poll(): void {
    const { clock, node, spec, session } = this.#options;
    const { now } = clock;
    this.#pollAt = Number.POSITIVE_INFINITY;
    this.#options.onPoll();
    const peers = new Map([[spec.publicKey, session.view]]);
    const device: ObservedDevice = { listenPort: 51_820, firewallMark: 0x20, peers };
    const { packets, probes } = node;
    const before = { connections: this.#connections, packets, probes };
    const polled = pollPeers([spec], device, before, now, "known", this.#circumstances());
    const wasUp = stateOf(this.#connection) === "up";
    this.#connections = polled.memory.connections;
    if (wasUp && stateOf(this.#connection) !== "up") this.losses++;
    Object.assign(node, { packets: polled.memory.packets, probes: polled.memory.probes });
    const { action } = polled.peers[0] ?? {};
    if (action?.kind === "move" || action?.kind === "dial") session.endpoint = action.endpoint;
    if (action?.kind === "dial") session.initiate();
    for (const { endpoints } of polled.races) this.#race(endpoints, now);
    this.wake(polled.wakeInMs ?? Number.POSITIVE_INFINITY);
  }

  #circumstances(): Circumstances {
    const { publicKey, peers } = this.#options.node;
    const none = { proven: 0, unproven: 0 };
    return {
      racing: { ownKey: publicKey, mayDialSerially: false },
      isProven: () => true,
      all: { count: peers, knocking: none, waiting: none },
    };
  }

  #race(endpoints: readonly Endpoint[], now: number): void {
    const stamp = stampOf(now);
    if (stamp <= this.#stamp) return;
    this.#stamp = stamp;
    const id = newId();
    this.#asked.set(id, { sentAt: now, endpoints });
    for (const endpoint of endpoints) {
      this.#options.node.sent(now);
      this.#options.ask(id, stamp, endpoint);
    }
  }
}
