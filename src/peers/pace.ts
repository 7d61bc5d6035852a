import type { Counters } from "./counters.ts";
import { talkTimings } from "./doubt-timings.ts";
import type { View } from "./proposal.ts";
import { type Race, roundIntervalMs } from "./race.ts";
import { type Attempt, dwellMs } from "./rotation.ts";
import { isTalking } from "./talk.ts";
import { paceTimings, relayTimings, rotationTimings } from "./timings.ts";
import { isWatched } from "./watched.ts";

/** What the pace of the polls of a peer depends on. */
type PolledView = Pick<View, "spec" | "observed" | "racing" | "peers">;

/** The milliseconds between polls of a peer that is connected; no event tells that nothing is received any more. */
const calmPoll = (peers: number): number => {
  const { calmMs, calmForEachMs, rarestMs } = paceTimings;
  return Math.min(Math.max(calmMs, calmForEachMs * peers), rarestMs);
};

/** The milliseconds between polls of a peer with which data is exchanged, and that may be reached elsewhere. */
const talkPoll = (peers: number): number =>
  Math.min(talkTimings.pollMs + talkTimings.pollForEachMs * peers, calmPoll(peers));

/** The milliseconds until the next poll of a peer that is connected: soon where an answer may be missing before long. */
export function monitoringPoll(
  { unansweredAt, verifiedAt = 0, patienceMs, talk }: Counters,
  view: PolledView,
  now: number,
): number {
  const { peers } = view;
  if (unansweredAt === undefined)
    return isTalking(talk, now) && isWatched(view) ? talkPoll(peers) : calmPoll(peers);
  const calm = Math.max(paceTimings.unansweredMs, calmPoll(peers) / 2);
  if (patienceMs === undefined) return calm;
  const dueInMs = Math.max(unansweredAt, verifiedAt) + patienceMs - now;
  return dueInMs > 0 ? Math.min(Math.max(dueInMs, soonestPoll(peers)), calm) : calm;
}

/** The milliseconds until the next poll of a peer that is reached by a relay: whether that is there shows in traffic alone. */
export function relayedPoll(counters: Counters, view: PolledView, now: number): number {
  const { busyPollMs, busyPollForEachMs, askAfterMs, idleMs } = relayTimings;
  const { unansweredAt, busyAt = 0 } = counters;
  const { peers } = view;
  if (unansweredAt !== undefined && now - unansweredAt < askAfterMs)
    return Math.max(unansweredAt + askAfterMs - now, soonestPoll(peers));
  const calm = monitoringPoll(counters, view, now);
  const isBusy = unansweredAt !== undefined || now - busyAt < idleMs;
  return isBusy ? Math.min(busyPollMs + busyPollForEachMs * peers, calm) : calm;
}

/** The larger the mesh, the more a poll costs, and the more peers it serves. Whoever answers a race is seen at once. */
export const soonestPoll = (peers: number): number => {
  const { soonestMs, soonestForEachMs, latestSoonestMs } = paceTimings;
  return Math.min(Math.max(peers * soonestForEachMs, soonestMs), latestSoonestMs);
};

/** The milliseconds until the next poll after the budget did not grant what was proposed. */
export const postponedPoll = (peers: number): number => Math.max(paceTimings.budgetMs, soonestPoll(peers));

/** What is being done about a peer that is not connected, or in doubt. */
interface Pursuit {
  readonly attempt: Attempt | undefined;
  readonly race: Race | undefined;
  /** The number of peers in the mesh. */
  readonly peers: number;
}

/** The milliseconds until its next poll; `waitMs` is how long there is nothing to do, if that is known. */
export function pursuitPoll(
  { attempt, race, peers }: Pursuit,
  waitMs: number | undefined,
  now: number,
): number {
  const polls = [calmPoll(peers)];
  if (attempt) polls.push(pollAfter(now - attempt.since, dwellMs(attempt.round, rotationTimings), peers));
  if (race) polls.push(pollAfter(now - race.lastAt, roundIntervalMs(race), peers));
  if (waitMs) polls.push(waitMs);
  return Math.max(Math.min(...polls), soonestPoll(peers));
}

/** The longer it has been in vain the less often it is polled; what gets much time is not polled soon. */
const pollAfter = (elapsed: number, given: number, peers: number): number =>
  Math.max(Math.min(elapsed / 4, calmPoll(peers)), Math.min(given / 20, paceTimings.rarestMs));
