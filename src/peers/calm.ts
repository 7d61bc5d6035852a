import type { Path } from "./path.ts";
import { settlingTimings } from "./timings.ts";

/**
 * Whether nothing is under way any more on another path than the one in use: no probe, no move and no roaming was going on
 * for as long as packets are pinned after a move. Until then data may seem to be without an answer that only takes the
 * longer way, and a doubt would undo the move.
 */
export function isCalm(path: Path | undefined, roundTripMs: number, now: number): boolean {
  if (!path) return false;
  const { settlingMs, settlingRoundTrips, longestMs } = settlingTimings;
  const { since, overAt = 0, movedAt = 0 } = path;
  const calmMs = Math.min(settlingMs + settlingRoundTrips * roundTripMs, longestMs);
  return now - Math.max(since, overAt, movedAt) >= calmMs;
}
