import type { Endpoint } from "../net/index.ts";
import { dueAt } from "../system/slack.ts";
import type { Contest, Pair } from "./contest.ts";
import type { RaceTimings } from "./timings.ts";

/** What is among the candidates that the last volley did not go to. */
const hasNews = (contest: Contest, candidates: readonly Endpoint[]): boolean =>
  candidates.some((candidate) => !contest.known.includes(candidate));

/** Milliseconds until the next volley; 0: now. */
export function volleyDueIn(
  contest: Contest | undefined,
  candidates: readonly Endpoint[],
  pair: Pair,
  now: number,
  timings: RaceTimings,
): number {
  if (!contest || hasNews(contest, candidates)) return 0;
  const { volleys, lastAt } = contest;
  const at =
    volleys > timings.volleysInHaste
      ? meetingAfter(lastAt, pair, timings)
      : dueAt(lastAt, volleyInterval(contest, timings));
  return Math.max(0, at - now);
}

/** How long a volley may take to be answered before the next one follows. */
export function volleyInterval({ volleys }: Contest, timings: RaceTimings): number {
  const { firstInterval, growth, longestInterval, volleysInHaste, meetingInterval } = timings;
  if (volleys > volleysInHaste) return meetingInterval;
  return Math.min(firstInterval * growth ** Math.max(0, volleys - 1), longestInterval);
}

/** Milliseconds: all pairs that meet at the same time are raced in one go. */
const meetingTick = 8_000;

/**
 * The next time at which these two knock. Both find the same one by their clocks, as long as those agree to some
 * seconds: behind NATs each of them has to knock while the way that the other one has opened is still open.
 */
function meetingAfter(last: number, { own, peer }: Pair, { meetingInterval }: RaceTimings): number {
  let number = 0;
  for (let index = 0; index < 8; index++)
    number = (number * 31 + (own.charCodeAt(index) ^ peer.charCodeAt(index))) >>> 0;
  const phase = (number % (meetingInterval / meetingTick)) * meetingTick;
  const soonest = last + meetingTick / 2; // the clock that said this one may be a little behind
  return Math.ceil((soonest - phase) / meetingInterval) * meetingInterval + phase;
}

/** News of the peer begin a new count: something has happened there. */
export const nextVolley = (
  contest: Contest | undefined,
  candidates: readonly Endpoint[],
  now: number,
): Contest => ({
  ...contest,
  firstAt: contest?.firstAt ?? now,
  lastAt: now,
  volleys: contest && !hasNews(contest, candidates) ? contest.volleys + 1 : 1,
  known: candidates,
});
