/** The peer controller: where each peer may be reached, whether it is, and what to do about it. */
export {
  type Circumstances,
  noPeers,
  type Peers,
  type Polled,
  pollPeers,
  type RaceRound,
  upCameOrWent,
} from "./all.ts";
export { type Budget, type BudgetLimits, refill, spend } from "./budget.ts";
export {
  type Candidate,
  type CandidateClass,
  type CandidateContext,
  classes,
  firstStandIns,
  joinedStandIns,
  routedPrefixes,
  type StandIn,
  type StandIns,
  sortCandidates,
  type Way,
  type WithStandIns,
  wayTo,
  withGuessed,
  withStandIns,
} from "./candidates/index.ts";
export { answered, type Connection, isRaced, stateOf, tunnelOf } from "./connection.ts";
export { handOverInMs } from "./hand-over.ts";
export { bytesOf } from "./history.ts";
export { isInVain } from "./in-vain.ts";
export { isKnocking } from "./knocking.ts";
export {
  lastWorkingText,
  mostLastWorking,
  parseLastWorking,
  parseReached,
  rememberWorking,
} from "./last-working.ts";
export { withOpened } from "./opened.ts";
export { soonestPoll } from "./pace.ts";
export type { Knocking, PacketBudget } from "./packets.ts";
export { type EndpointChange, type Path, unsettledBetween } from "./path.ts";
export { mostReached, type Reached, rememberReached } from "./reached.ts";
export { isUnanswered } from "./relays.ts";
export { nextEndpoint } from "./rotation.ts";
export type { PeerSpec } from "./spec.ts";
export { type PeerState, peerState } from "./state.ts";
export { takenAtOf } from "./taken.ts";
export { mostEndpoints, mostKnocking, packetLimits, referenceTimings } from "./timings.ts";
export { type Transition, troubleText } from "./transition.ts";
export { waitingTurn } from "./turns.ts";
