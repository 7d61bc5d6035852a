/** The peer controller: where each peer may be reached, whether it is, and what to do about it. */
export { isBetter, promising, type Way } from "./better-way.ts";
export { type Budget, refill, spend } from "./budget.ts";
export {
  type Candidate,
  type CandidateClass,
  type CandidateContext,
  type CandidateKindName,
  classes,
  routedPrefixes,
  sortCandidates,
} from "./candidates/index.ts";
export { answered, type Contest, type Heard, handOverIn, type Pair } from "./contest.ts";
export { type Health, healthTimings, lookAtHealth, verdictOf, verified } from "./health.ts";
export { isKnocking } from "./knocking.ts";
export { lastWorkingText, mostLastWorking, parseLastWorking, rememberWorking } from "./last-working.ts";
export { type Knocking, mostKnocking, type PacketBudget, packetLimits } from "./packets.ts";
export { type EndpointChange, type Path, unsettledBetween } from "./path.ts";
export { nextVolley, volleyDueIn } from "./rhythm.ts";
export type { Attempt } from "./rotation.ts";
export { nextEndpoint } from "./rotation.ts";
export { type RoundTrips, withRoundTrip } from "./round-trips.ts";
export type { PeerSpec } from "./spec.ts";
export type { PeerState } from "./state.ts";
export { peerState, referenceTimings } from "./state.ts";
export { raceTimings } from "./timings.ts";
export {
  type Attempts,
  type Connecting,
  type Contests,
  type Race,
  type Tracked,
  trackPeers,
  upCameOrWent,
} from "./track.ts";
export { type Turn, waitingTurn } from "./turns.ts";
export { mostEndpoints } from "./volley.ts";
