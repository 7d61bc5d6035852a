export {
  type Answer,
  answered,
  type Contest,
  type Heard,
  handOverIn,
  handshakeTime,
  hear,
  type Pair,
  precedenceLeft,
} from "./contest.ts";
export type { RaceCounts } from "./counts.ts";
export type { Hold } from "./hold.ts";
export { nextVolley, volleyDueIn, volleyInterval } from "./rhythm.ts";
export { type RoundTrips, withRoundTrip } from "./round-trips.ts";
export { planNoRacing, racingTableName } from "./rules.ts";
export { raceTimings } from "./timings.ts";
