import { dueAt } from "../base/index.ts";
import type { Endpoint } from "../net/index.ts";
import type { Answer } from "../port/index.ts";
import { type Informed, newsIn, withNews } from "./news.ts";
import { type RaceTimings, raceTimings } from "./timings.ts";

/** A race to one peer: rounds of initiations, until one is answered. Times in milliseconds. */
export interface Race extends Informed {
  readonly firstAt: number;
  readonly lastAt: number;
  /** Rounds without an answer. */
  readonly rounds: number;
  readonly answer?: Answer;
  /** It began while the peer was connected: does the path in use still lead there, or which one does? */
  readonly verifies?: true;
}

/** Two peers, by their public keys. */
export interface Pair {
  readonly own: string;
  readonly peer: string;
}

/** After an answer rounds count from the beginning again: the peer is there. */
export const withAnswer = (race: Race, answer: Answer): Race => ({ ...race, rounds: 0, answer });

/** Milliseconds until the next round; 0: now. */
export function roundDueIn(
  race: Race | undefined,
  candidates: readonly Endpoint[],
  pair: Pair,
  now: number,
  timings: RaceTimings = raceTimings,
): number {
  const news = race && newsIn(race, candidates, now);
  if (!race || news === 0) return 0;
  const { rounds, lastAt } = race;
  const at =
    rounds > timings.roundsInHaste
      ? meetingAfter(lastAt, pair, timings)
      : dueAt(lastAt, roundIntervalMs(race, timings));
  return Math.max(0, Math.min(at - now, news ?? Number.POSITIVE_INFINITY));
}

/** How long a round may take to be answered before the next one follows. */
export function roundIntervalMs({ rounds }: Race, timings: RaceTimings = raceTimings): number {
  const { firstIntervalMs, growth, longestIntervalMs, roundsInHaste, meetingIntervalMs } = timings;
  if (rounds > roundsInHaste) return meetingIntervalMs;
  return Math.min(firstIntervalMs * growth ** Math.max(0, rounds - 1), longestIntervalMs);
}

/**
 * The next time at which these two knock. Both find the same one by their clocks, as long as those agree to some
 * seconds: behind NATs each of them has to knock while the mapping that the other one has opened is still open.
 */
function meetingAfter(last: number, { own, peer }: Pair, timings: RaceTimings): number {
  const { meetingIntervalMs, meetingTickMs } = timings;
  let number = 0;
  for (let index = 0; index < 8; index++)
    number = (number * 31 + (own.charCodeAt(index) ^ peer.charCodeAt(index))) >>> 0;
  const phase = (number % (meetingIntervalMs / meetingTickMs)) * meetingTickMs;
  const soonest = last + meetingTickMs / 2; // the clock that said this one may be a little behind
  return Math.ceil((soonest - phase) / meetingIntervalMs) * meetingIntervalMs + phase;
}

/** The race after one more round. News of the peer begin a new count: something has happened there. */
export function nextRound(race: Race | undefined, candidates: readonly Endpoint[], now: number): Race {
  const isNews = race && newsIn(race, candidates, now) === 0;
  return {
    ...race,
    firstAt: race?.firstAt ?? now,
    lastAt: now,
    rounds: race && !isNews ? race.rounds + 1 : 1,
    known: candidates,
    ...(isNews && withNews(race, candidates, now)),
  };
}

/** The same to a peer that is connected. */
export const nextVerifyingRound = (
  race: Race | undefined,
  candidates: readonly Endpoint[],
  now: number,
): Race => ({ ...nextRound(race, candidates, now), verifies: true });
