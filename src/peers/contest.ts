import type { Answer } from "../port/index.ts";
import type { Informed } from "./news.ts";
import type { RaceTimings } from "./timings.ts";

/** What is known of racing one peer since it was last well connected. Times in milliseconds. */
export interface Contest extends Informed {
  readonly firstAt: number;
  readonly lastAt: number;
  /** Volleys without an answer. */
  readonly volleys: number;
  readonly answer?: Answer;
  /** It began while the peer was connected: does the path in use still lead there, or which one does? */
  readonly verifies?: true;
}

/** When something was last heard of a peer, by WireGuard's own counter. */
export interface Heard {
  readonly bytes: number;
  readonly at?: number;
}

/** Two peers, by their public keys. */
export interface Pair {
  readonly own: string;
  readonly peer: string;
}

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
export function precedenceLeft(heard: Heard, keys: Pair, now: number, timings: RaceTimings): number {
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
