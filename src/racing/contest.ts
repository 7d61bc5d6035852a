import type { Endpoint } from "../net/index.ts";

/** The endpoint that answered first, proved to be the peer's. Times in milliseconds. */
export interface Answer {
  readonly endpoint: Endpoint;
  readonly sentAt: number;
  readonly answeredAt: number;
}

/** What is known of racing one peer since it was last well connected. Times in milliseconds. */
export interface Contest {
  readonly firstAt: number;
  readonly lastAt: number;
  /** Volleys without an answer. */
  readonly volleys: number;
  /** Where the last volley went: anything else is news, and raced at once. */
  readonly known: readonly Endpoint[];
  readonly answer?: Answer;
  /** It began while the peer was connected: does the path in use still lead there, or which one does? */
  readonly verifies?: true;
}

/** When something was last heard of a peer, by WireGuard's own counter. */
export interface Heard {
  readonly bytes: number;
  readonly at?: number;
}

/** All in milliseconds. */
export interface RaceTimings {
  readonly firstInterval: number;
  readonly growth: number;
  readonly longestInterval: number;
  /** From our initiation to WireGuard's: a peer takes one in 20 ms, by a clock of its own that ticks each 4 ms. */
  readonly initiationGap: number;
  /** What the peer with the lower key gets for dialling, once it was heard. */
  readonly precedence: number;
  /** What a dialled peer gets for its handshake before it is raced again, when nothing is known of the way to it. */
  readonly handshake: number;
  /** The same at an endpoint that has just answered a race: so much, and so many of its round trips. */
  readonly handshakeAnswered: number;
  readonly handshakeRoundTrips: number;
  /** Volleys in vain after which serial attempts join in, where they may. */
  readonly volleysAlone: number;
}

/**
 * Two peers that have just learnt of each other miss each other's first packets more often than not, so the second
 * volley follows soon. Routers forget an unanswered mapping after 30 s: two peers behind NATs have to knock more often.
 */
export const raceTimings: RaceTimings = {
  firstInterval: 250,
  growth: 2,
  longestInterval: 25_000,
  initiationGap: 25,
  precedence: 1_000,
  handshake: 1_000,
  handshakeAnswered: 250,
  handshakeRoundTrips: 5,
  volleysAlone: 4,
};

/** Milliseconds until the next volley; 0: now. */
export function volleyDueIn(
  contest: Contest | undefined,
  candidates: readonly Endpoint[],
  now: number,
  timings: RaceTimings,
): number {
  if (!contest || candidates.some((candidate) => !contest.known.includes(candidate))) return 0;
  const { firstInterval, growth, longestInterval } = timings;
  const interval = Math.min(firstInterval * growth ** Math.max(0, contest.volleys - 1), longestInterval);
  return Math.max(0, contest.lastAt + interval - now);
}

export const nextVolley = (
  contest: Contest | undefined,
  candidates: readonly Endpoint[],
  now: number,
): Contest => ({
  ...contest,
  firstAt: contest?.firstAt ?? now,
  lastAt: now,
  volleys: (contest?.volleys ?? 0) + 1,
  known: candidates,
});

/** After this, volleys count from the beginning again: the peer is there. */
export const answered = (contest: Contest, answer: Answer): Contest => ({ ...contest, volleys: 0, answer });

export function hear(before: Heard | undefined, bytes: number, now: number): Heard {
  if (before === undefined) return { bytes, ...(bytes > 0 && { at: now }) };
  return before.bytes === bytes ? before : { bytes, ...(bytes > before.bytes && { at: now }) };
}

/**
 * Milliseconds that we have to leave to the peer. Two initiations that cross undo each other, and an initiation of ours
 * that meets a handshake under way undoes that one. So of two peers that hear each other the one with the lower key
 * dials; the other one goes on when it did not.
 */
export function precedenceLeft(
  heard: Heard,
  keys: { readonly own: string; readonly peer: string },
  now: number,
  timings: RaceTimings,
): number {
  if (heard.at === undefined || keys.own < keys.peer) return 0;
  return Math.max(0, heard.at + timings.precedence - now);
}

/** Milliseconds until WireGuard may send an initiation of its own to whoever answered. */
export const handOverIn = ({ sentAt }: Answer, now: number, timings: RaceTimings): number =>
  Math.max(0, sentAt + timings.initiationGap - now);

/**
 * Milliseconds that WireGuard gets for its handshake with whoever answered. When two peers dial each other at once, both
 * handshakes are lost, and WireGuard repeats its own after 5 s only: soon tried again, it costs little. The time doubles
 * with every attempt, for processors that are busy.
 */
export const handshakeTime = (
  { sentAt, answeredAt }: Answer,
  round: number,
  { handshakeAnswered, handshakeRoundTrips }: RaceTimings,
): number => (handshakeAnswered + handshakeRoundTrips * (answeredAt - sentAt)) * 2 ** round;
