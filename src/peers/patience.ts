import { isCalm } from "./calm.ts";
import { doubtTimings, unknownRoundTripMs } from "./doubt-timings.ts";
import type { Path } from "./path.ts";
import type { Talk } from "./talk.ts";
import { monitoringTimings, pathTimings } from "./timings.ts";

/** Doubts of a peer that were wrong: the path in use did lead to it. */
export interface Wrong {
  readonly count: number;
  /** The time of the last one, in milliseconds. */
  readonly at: number;
}

/** The wrong doubts that are not forgotten. */
const remembered = (wrong: Wrong | undefined, now: number): number =>
  wrong ? Math.max(0, wrong.count - Math.floor((now - wrong.at) / doubtTimings.forgottenMs)) : 0;

/** Beyond this many, the wait grows no further. */
const most = Math.ceil(Math.log2(doubtTimings.oneWayMs / doubtTimings.soonestMs));

/** One more wrong doubt. */
export const oneMoreWrong = (wrong: Wrong | undefined, now: number): Wrong => ({
  count: Math.min(remembered(wrong, now) + 1, most),
  at: now,
});

/** What is known of a peer that is sent data. */
interface Unanswered {
  readonly unansweredAt: number;
  readonly talk?: Talk | undefined;
  readonly wrong?: Wrong | undefined;
  readonly path: Path | undefined;
  /** Whether the peer is being probed or moved, or sends from another endpoint than its path's. */
  readonly isUnderWay: boolean;
  /** The round trip at the endpoint in use, if it is known. */
  readonly roundTripMs: number | undefined;
}

/**
 * The milliseconds for which an answer to data may be missing before the path is doubted. About a second at first; each
 * doubt that was wrong makes the next one come later, and so does each move straight back to where the peer had been: what
 * is lost on both paths is no reason to go back and forth. While a probe or a move is under way, or just over, it is no shorter
 * than the usual one.
 */
export function patienceMs(
  { unansweredAt, talk, wrong, path, isUnderWay, roundTripMs = unknownRoundTripMs }: Unanswered,
  now: number,
): number {
  const { soonestMs, plusMs, roundTrips, growth, twoWayMs, oneWayMs, talkedMs } = doubtTimings;
  const shortest = Math.max(soonestMs, plusMs + roundTrips * roundTripMs);
  const isTwoWay = talk?.at !== undefined && unansweredAt - talk.at < talkedMs;
  const longest = Math.max(shortest, isTwoWay ? twoWayMs : oneWayMs);
  const { lastChange, returns = 0 } = path ?? {};
  const isSoon = lastChange !== undefined && now - lastChange.at < pathTimings.soonMs;
  const reasons = remembered(wrong, now) + (isSoon ? returns : 0);
  const patience = Math.min(shortest * growth ** reasons, longest);
  const isJudged = !isUnderWay && isCalm(path, roundTripMs, now);
  return isJudged ? patience : Math.max(patience, monitoringTimings.doubtfulUnansweredMs);
}
