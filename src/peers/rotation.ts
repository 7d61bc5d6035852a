import { dueAt } from "../base/index.ts";
import type { Endpoint } from "../net/index.ts";
import { type Informed, newsAmong, newsInMs, withNews } from "./news.ts";
import { type RotationTimings, rotationTimings } from "./timings.ts";

/** The endpoint that is being tried, or that led to a connection. Times in milliseconds. */
export interface Attempt extends Informed {
  readonly endpoint: Endpoint;
  /** The time at which it was set (T0 of the peer's state). */
  readonly since: number;
  /** The number of times that the whole list has been tried in vain. */
  readonly round: number;
}

export function dwellMs(round: number, timings: RotationTimings): number {
  return Math.min(timings.firstDwellMs * timings.growth ** round, timings.longestDwellMs);
}

/**
 * The endpoint after the last used one, wrapping round; the first, if the last used one is no longer listed. `undefined` when there is none.
 */
export function nextEndpoint(
  candidates: readonly Endpoint[],
  last: Endpoint | undefined,
): Endpoint | undefined {
  const index = last === undefined ? -1 : candidates.indexOf(last);
  return candidates[(index + 1) % candidates.length];
}

/**
 * What to try now of a peer that is not connected: a new attempt, or `undefined` to leave it alone. An only endpoint stays the same (as in the reference), but is dialled afresh: WireGuard's own repetition comes late, and two
 * nodes behind NATs have to knock at the same time.
 */
export function nextAttempt(
  input: {
    readonly candidates: readonly Endpoint[];
    readonly last: Attempt | undefined;
    /** Something was received of the peer since the last attempt. */
    readonly isHeard?: boolean;
  },
  now: number,
  timings: RotationTimings,
): Attempt | undefined {
  const { candidates, last, isHeard = false } = input;
  if (last && isHeard && now - last.since < dwellMs(last.round, timings) + timings.answeringMs)
    return undefined;
  const news = last && newsInMs(last, candidates, now) === 0 ? newsAmong(last, candidates) : undefined;
  if (last && news !== undefined)
    return { ...withNews(last, candidates, now), endpoint: news, since: now, round: last.round };
  if (last && now < attemptEnd(last, timings)) return undefined;
  const endpoint = nextEndpoint(candidates, last?.endpoint);
  if (!endpoint) return undefined;
  const isNewRound = last !== undefined && candidates.indexOf(endpoint) <= candidates.indexOf(last.endpoint);
  const round = (last?.round ?? 0) + (isNewRound ? 1 : 0);
  return { ...last, endpoint, since: now, round, known: candidates };
}

/** The milliseconds until `nextAttempt` has to be asked again; `undefined`: only after a change. */
export function attemptDueInMs(
  last: Attempt | undefined,
  now: number,
  timings: RotationTimings,
): number | undefined {
  return last && Math.max(0, attemptEnd(last, timings) - now);
}

const attemptEnd = (last: Attempt, timings: RotationTimings): number =>
  dueAt(last.since, dwellMs(last.round, timings));

/** The milliseconds that a peer's first endpoints may take until it counts as down. */
export const connectTimeoutMs = (last: Attempt | undefined): number =>
  last?.round === 0 || !last ? dwellMs(0, rotationTimings) : 0;
