import { dueAt } from "../base/index.ts";
import type { Endpoint } from "../net/index.ts";
import type { Contest, Pair } from "./contest.ts";
import { newsIn, withNews } from "./news.ts";
import type { RaceTimings } from "./timings.ts";

/** Milliseconds until the next volley; 0: now. */
export function volleyDueIn(
  contest: Contest | undefined,
  candidates: readonly Endpoint[],
  pair: Pair,
  now: number,
  timings: RaceTimings,
): number {
  const news = contest && newsIn(contest, candidates, now);
  if (!contest || news === 0) return 0;
  const { volleys, lastAt } = contest;
  const at =
    volleys > timings.volleysInHaste
      ? meetingAfter(lastAt, pair, timings)
      : dueAt(lastAt, volleyInterval(contest, timings));
  return Math.max(0, Math.min(at - now, news ?? Number.POSITIVE_INFINITY));
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
export function nextVolley(
  contest: Contest | undefined,
  candidates: readonly Endpoint[],
  now: number,
): Contest {
  const isNews = contest && newsIn(contest, candidates, now) === 0;
  return {
    ...contest,
    firstAt: contest?.firstAt ?? now,
    lastAt: now,
    volleys: contest && !isNews ? contest.volleys + 1 : 1,
    known: candidates,
    ...(isNews && withNews(contest, candidates, now)),
  };
}
