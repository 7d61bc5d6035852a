import type { Endpoint } from "../net/index.ts";
import type { Answer } from "../port/index.ts";
import type { Counters } from "./counters.ts";
import { type History, withAnswered } from "./history.ts";
import type { Keepalive } from "./keepalive.ts";
import type { Path } from "./path.ts";
import { type Race, withAnswer } from "./race.ts";
import type { Received } from "./received.ts";
import type { Attempt } from "./rotation.ts";
import { type RoundTrips, withRoundTrip } from "./round-trips.ts";
import type { PeerState } from "./state.ts";
import type { Turn } from "./turns.ts";

/**
 * A peer, as it is connected: one of six phases, each with what it needs and nothing else.
 *
 *     ┌────────────┐  a session   ┌────┐  a probe is granted   ┌─────────┐  better: moved   ┌──────────┐
 *     │ connecting │ ───────────> │ up │ ────────────────────> │ probing │ ───────────────> │ settling │
 *     └────────────┘              └────┘ <──────────────────── └─────────┘                  └──────────┘
 *        ^                         ^  ^    nothing to judge         │                             │
 *        │ lost,                   │  │                             │ not better                  │
 *        │ from any phase          │  │                             v                             │
 *                                  │  │  back, or elsewhere   ┌───────────┐                       │
 *     ┌────────────┐  answered     │  ├────────────────────── │ returning │                       │
 *     │  doubted   │ ──────────────┘  │                       └───────────┘                       │
 *     └────────────┘                  │                          settled, or elsewhere            │
 *        ^                            └───────────────────────────────────────────────────────────┘
 *        │ something is missing,
 *        │ from any phase
 *
 * A connection is lost where there is no session, or nothing was received in it for too long. An arrow that costs packets
 * (a probe, a move, the way back) is proposed by a step, and taken where the budget grants it. A peer whose doubt has just
 * ended may be probed in the same step: so there is an arrow from `doubted` to `probing`, too. A peer that is polled for the
 * first time is `connecting`, `up` or `doubted`.
 */
export type Connection = Connecting | Up | Doubted | Probing | Settling | Returning;
export type Phase = Connection["phase"];

/** What is known of a peer in every phase. */
export interface Shared {
  readonly received: Received;
  readonly roundTrips: RoundTrips;
  /** Known of a peer that was up since this daemon runs. */
  readonly path: Path | undefined;
  /** The last endpoint that WireGuard was told to dial. */
  readonly attempt: Attempt | undefined;
  /** What operators are told of the peer; known from its first poll on. */
  readonly history?: History;
  readonly keepalive?: Keepalive | undefined;
}

/** What is being done about a peer, in every phase but `up`. */
interface Pursued extends Shared {
  readonly race: Race | undefined;
  /** The peer's turn in the budget, since it first proposed something. */
  readonly turn: Turn | undefined;
}

/** There is no session, or there is one in which nothing is received any more. */
export interface Connecting extends Pursued {
  readonly phase: "connecting";
  readonly state: Exclude<PeerState, "up">;
  /** The counters of a session that fell silent, as long as WireGuard holds it: it goes on if something is received. */
  readonly counters: Counters | undefined;
}

/** There is a session, and nothing to be done. */
export interface Up extends Shared {
  readonly phase: "up";
  readonly counters: Counters;
}

/** Something is missing: the endpoint in use is raced alone, then all are. */
export interface Doubted extends Pursued {
  readonly phase: "doubted";
  readonly counters: Counters;
}

/** Whether another path is better is being measured. */
export interface Probing extends Pursued {
  readonly phase: "probing";
  readonly counters: Counters;
  readonly path: Path;
  readonly probe: Probe;
}

/** The peer was moved to a better path: packets that were under way may turn either side round once more. */
export interface Settling extends Pursued {
  readonly phase: "settling";
  readonly counters: Counters;
  readonly path: Path;
  readonly move: Move;
}

/** No other path was better: the peer, which was probed elsewhere, is taken back to where it was. */
export interface Returning extends Pursued {
  readonly phase: "returning";
  readonly counters: Counters;
  readonly path: Path;
  readonly move: Move;
}

/** What all rounds of a probe have in common. Times in milliseconds. */
interface Rounds {
  readonly from: Endpoint;
  /** Promising ones; none if only the path in use is measured. */
  readonly promising: readonly Endpoint[];
  readonly since: number;
  /** The time of the last round; the number of rounds at this stage, and of those that were answered. */
  readonly roundAt: number;
  readonly rounds: number;
  readonly samples: number;
  /** The time at which the initiation was sent whose answer was counted last. */
  readonly countedAt: number;
}

/** The endpoint in use is probed, alone; that changes nothing. */
export interface ProbeHere extends Rounds {
  readonly stage: "here";
  /** The shortest round trip found. */
  readonly hereMs: number | undefined;
}

/** The promising ones are probed. The peer sends there from then on, so only such are probed as it may stay at. */
export interface ProbeThere extends Rounds {
  readonly stage: "there";
  readonly hereMs: number;
  readonly best: { readonly endpoint: Endpoint; readonly roundTripMs: number } | undefined;
}

export type Probe = ProbeHere | ProbeThere;

/** Between these endpoints packets are pinned to one, until nothing is under way on the others. Times in milliseconds. */
export interface Move {
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly promising: readonly Endpoint[];
  readonly since: number;
  /** WireGuard was last told to send there, and how often. */
  readonly toldAt: number;
  readonly told: number;
  /** The peer was probed once more where it is to stay. */
  readonly isReminded: boolean;
  /** The round trip of the path that was in use. */
  readonly hereMs: number;
}

/** The peer's state, as operators see it; `undefined` stands for a peer that was not polled yet. */
export const stateOf = (connection: Connection | undefined): PeerState => {
  if (!connection) return "unknown";
  return connection.phase === "connecting" ? connection.state : "up";
};

/** Whether the tunnel to a peer is down, and when something was last received through it. */
export const tunnelOf = (
  connection: Connection | undefined,
): { readonly isDown: boolean; readonly heardAt: number | undefined } => ({
  isDown: stateOf(connection) === "down",
  heardAt: connection?.history?.heardAt,
});

/** A race was answered. Of a peer that needs none any more only the round trip is of interest. */
export const answered = (connection: Connection, answer: Answer): Connection => {
  const roundTrips = withRoundTrip(connection.roundTrips, answer);
  if (connection.phase === "up" || !connection.race) return { ...connection, roundTrips };
  const { history } = connection;
  const race = withAnswer(connection.race, answer);
  return { ...connection, roundTrips, race, ...(history && { history: withAnswered(history) }) };
};

/** Whether an answer to a race has something to change. */
export const isRaced = (connection: Connection): boolean =>
  connection.phase !== "up" && connection.race !== undefined;
