import type { Answer } from "../port/index.ts";
import type { Pair } from "./race.ts";
import type { Received } from "./received.ts";
import { raceTimings } from "./timings.ts";

/**
 * Milliseconds that this node has to leave to the peer. Two initiations that cross undo each other, and an initiation of
 * ours that meets a handshake under way undoes that one. So of two peers that hear each other the one with the lower key
 * dials; the other one goes on when it did not.
 */
export function precedenceLeft(received: Received, keys: Pair, now: number): number {
  if (received.at === undefined || keys.own < keys.peer) return 0;
  return Math.max(0, received.at + raceTimings.precedenceMs - now);
}

/** Milliseconds until WireGuard may send an initiation of its own to whoever answered. */
export const handOverIn = ({ sentAt }: Answer, now: number): number =>
  Math.max(0, sentAt + raceTimings.initiationGapMs - now);

/**
 * Milliseconds that WireGuard gets for its handshake with whoever answered. When two peers dial each other at once, both
 * handshakes are lost, and WireGuard repeats its own after 5 s only: soon tried again, it costs little. The time doubles
 * with every attempt, for processors that are busy.
 */
export const handshakeTime = ({ roundTripMs }: Answer, round: number): number =>
  (raceTimings.handshakeAnsweredMs + raceTimings.handshakeRoundTrips * roundTripMs) * 2 ** round;
