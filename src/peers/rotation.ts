import { dueAt } from "../base/index.ts";
import type { Endpoint } from "../net/index.ts";
import { type Informed, newsAmong, newsIn, withNews } from "./news.ts";
import { type RotationTimings, rotationTimings } from "./timings.ts";

/** The endpoint that is being tried, or that led to a connection. Times in milliseconds. */
export interface Attempt extends Informed {
  readonly endpoint: Endpoint;
  /** When it was set (T0 of the peer's state). */
  readonly since: number;
  /** How often the whole list has been tried in vain. */
  readonly round: number;
}

export function dwellOf(round: number, timings: RotationTimings): number {
  return Math.min(timings.firstDwellMs * timings.growth ** round, timings.longestDwellMs);
}

/**
 * The endpoint after the last used one, wrapping round; the first, if the last used one is no longer listed
 * (reference section 6). `undefined` when there is none.
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
    /** The peer was heard since the last attempt. */
    readonly isHeard?: boolean;
  },
  now: number,
  timings: RotationTimings,
): Attempt | undefined {
  const { candidates, last, isHeard = false } = input;
  if (last && isHeard && now - last.since < dwellOf(last.round, timings) + timings.answeringMs)
    return undefined;
  const news = last && newsIn(last, candidates, now) === 0 ? newsAmong(last, candidates) : undefined;
  if (last && news !== undefined)
    return { ...withNews(last, candidates, now), endpoint: news, since: now, round: last.round };
  if (last && now < attemptEnd(last, timings)) return undefined;
  const endpoint = nextEndpoint(candidates, last?.endpoint);
  if (!endpoint) return undefined;
  const isNewRound = last !== undefined && candidates.indexOf(endpoint) <= candidates.indexOf(last.endpoint);
  const round = (last?.round ?? 0) + (isNewRound ? 1 : 0);
  return { ...last, endpoint, since: now, round, known: candidates };
}

/** When `nextAttempt` has to be asked again, in milliseconds from now; `undefined`: only after a change. */
export function attemptDueIn(
  last: Attempt | undefined,
  now: number,
  timings: RotationTimings,
): number | undefined {
  return last && Math.max(0, attemptEnd(last, timings) - now);
}

const attemptEnd = (last: Attempt, timings: RotationTimings): number =>
  dueAt(last.since, dwellOf(last.round, timings));

/** How long a peer's first endpoints may take until it counts as down. */
export const connectTimeout = (last: Attempt | undefined): number =>
  last?.round === 0 || !last ? dwellOf(0, rotationTimings) : 0;
