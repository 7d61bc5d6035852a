/**
 * The endpoints at which a peer may be dialled. Each kind of endpoint is one file and one line in `kinds.ts`; each reason not to dial one is a
 * rule in `refusals`.
 *
 * What an announced endpoint is, is decided by what this node knows itself. What the peer and others say does not tell: a
 * record's endpoints are one list, in the registries as on the wire, in which those of the peer's own interfaces, those
 * that a service reflected or a router mapped, and those that other members observed (harvest) look alike.
 */

export { withGuessed } from "./guessed.ts";
export { firstStandIns, joinedStandIns } from "./joined.ts";
export type { CandidateContext } from "./kind.ts";
export { type CandidateClass, classes, isStandIn } from "./kind.ts";
export { routedPrefixes } from "./routes.ts";
export { type Candidate, type Candidates, sortCandidates } from "./sort.ts";
export {
  classAmong,
  type StandIn,
  type StandIns,
  type Way,
  type WithStandIns,
  wayTo,
  withStandIns,
} from "./stand-ins.ts";
