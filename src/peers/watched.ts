import { classOf } from "./better-path.ts";
import { isStandIn } from "./candidates/index.ts";
import type { Path } from "./path.ts";
import type { View } from "./proposal.ts";
import { settlingTimings } from "./timings.ts";

/**
 * Whether it is of use to find out soon that the path in use is silent: it is direct, races can tell what is true, and there
 * is somewhere else to go.
 */
export function isWatched({ spec, observed, racing }: Pick<View, "spec" | "observed" | "racing">): boolean {
  const endpoint = observed?.endpoint;
  if (!racing || endpoint === undefined) return false;
  return spec.endpoints.some((each) => each !== endpoint) && !isStandIn(classOf(spec, endpoint));
}

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
