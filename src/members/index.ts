/** The members of the mesh, what each is granted, and what is published for others. */
export { afterClockSet, type ClockFacts, clockWarnings, datedAhead, isClockBehind } from "./clock.ts";
export { codeOf, isSame, type Sides } from "./code.ts";
export { contestedAnew, contestedSince } from "./contests.ts";
export { farewellOf, farewellsIn, heedNotice } from "./farewell.ts";
export { type GuessNotice, isAboutGuess, tokenBytes } from "./guess-notice.ts";
export { emptyHarvest, type Harvest, harvest, turnDueIn } from "./harvest.ts";
export { type MemberNetworks, memberNetworks } from "./kinds.ts";
export { withoutLatecomers } from "./latecomers.ts";
export { linksOf } from "./links.ts";
export { connectedForMs, isConnected, labelOf, type Member, type Members } from "./member.ts";
export { awaitedKeys, heedKey, type NextKeys, withHandshakes, withTakenKeys } from "./next-key.ts";
export {
  type KeyNotice,
  type Notice,
  type ObservedNotice,
  recipientOf,
  type SecretNotice,
} from "./notice.ts";
export { statementMs, type Telling, type Tellings, tellings } from "./observed.ts";
export {
  type Ownerless,
  ownerlessWarnings,
  type Passed,
  stillOwnerless,
  withoutOwned,
} from "./ownerless.ts";
export { presharedKeysOf, strangersAmong } from "./preshared-keys.ts";
export {
  noRefusals,
  refusalsOf,
  refusalsToTell,
  refusalWarnings,
  type ToldRefusals,
} from "./refusals.ts";
export { toldByLedger } from "./remembered.ts";
export { absenceOf, vanishedWarnings } from "./report.ts";
export { memberInTheWay } from "./same-address.ts";
export { seenOf } from "./secret-seen.ts";
export { secretWarnings } from "./secrets-known.ts";
export { isTold, servicesTold, type ToldServices } from "./services.ts";
export { type MemberClaim, type Specified, specify } from "./specified.ts";
export { meshNetworks, type OwnSide, type PeerSpecs, peerSpecs, steerable } from "./specs.ts";
export { type Standings, standingsOf } from "./standing.ts";
export { type Leaving, type MemberEvent, type Stepped, stepMembers } from "./step.ts";
