import type { Counters } from "./counters.ts";
import { aloneTimings, unknownRoundTripMs } from "./doubt-timings.ts";
import { raceTimings } from "./timings.ts";

/** The rounds of a doubt that go to the endpoint in use alone, and the milliseconds from one to the next. */
export interface Alone {
  readonly rounds: number;
  readonly intervalMs: number;
}

const unhurried: Alone = { rounds: raceTimings.roundsToCurrent, intervalMs: raceTimings.firstIntervalMs };

/**
 * The endpoint in use is asked alone first: it may be slower than another one, or lose packets, and is no worse for that.
 * The peer sends to wherever the first copy of an initiation came from, so asking two at a time would be a choice. Three
 * round trips are enough where data is missing on a path whose pace is known.
 */
export function aloneOf({ patienceMs }: Counters, roundTripMs: number | undefined): Alone {
  if (patienceMs === undefined) return unhurried;
  const { rounds, roundTrips, leastMs } = aloneTimings;
  const togetherMs = Math.max(leastMs, roundTrips * (roundTripMs ?? unknownRoundTripMs));
  return { rounds, intervalMs: Math.round(togetherMs / rounds) };
}
