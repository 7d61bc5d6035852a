import type { Endpoint } from "../net/index.ts";
import type { Answer } from "../port/index.ts";

/** By endpoint of one peer, in milliseconds, of the last answer to a race; the newest stands last. */
export type RoundTrips = ReadonlyMap<Endpoint, number>;

const most = 32;

/** With one more, and without the oldest where there are too many. */
export function withRoundTrip(before: RoundTrips, { endpoint, roundTripMs }: Answer): RoundTrips {
  const after = new Map(before);
  after.delete(endpoint);
  after.set(endpoint, roundTripMs);
  const [oldest] = after.keys();
  if (after.size > most && oldest !== undefined) after.delete(oldest);
  return after;
}
