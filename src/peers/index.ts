export {
  type Choices,
  gainText,
  isBetter,
  promising,
  tierOf,
  type Way,
} from "./better-way.ts";
export { type Budget, budgetLimits, refill, searchLimits, spend } from "./budget.ts";
export { emptyHarvest, type Harvest, harvest, turnDueIn } from "./harvest.ts";
export { type Health, healthTimings, lookAtHealth, verdictOf, verified } from "./health.ts";
export { lastWorkingText, mostLastWorking, parseLastWorking, rememberWorking } from "./last-working.ts";
export {
  type Attempt,
  attemptDueIn,
  besideRacing,
  dwellOf,
  nextAttempt,
  type RotationTimings,
  rotationTimings,
} from "./rotation.ts";
export { meshNetworks, type OwnSide, type PeerSpec, type PeerSpecs, peerSpecs } from "./specs.ts";
export { type PeerState, peerDownInterval, peerState } from "./state.ts";
