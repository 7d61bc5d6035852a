/** One pass without its effects. It makes a decision, a plan and a report from what is known and from the kernel's state. */
export {
  type Decision,
  decide,
  decideAgain,
  emptyMemory,
  harvestDueIn,
  isNews,
  remember,
  rememberAnswer,
  rememberOpened,
  wakeInMs,
} from "./decide.ts";
export type { Keys } from "./desired-device.ts";
export {
  addressesAfter,
  addressesOf,
  exitsTo,
  noWays,
  servedHere,
  type Told,
  type WaysToRegistries,
} from "./exits.ts";
export type { Kernel } from "./kernel.ts";
export type { Knowledge, Memory } from "./knowledge.ts";
export { ownSide } from "./own-side.ts";
export {
  desiredRouting,
  desiredTable,
  type MeshPlan,
  mtuOf,
  type Plan,
  planMesh,
  planNoMesh,
  planPolled,
  planRegistries,
  tableWith,
} from "./plan.ts";
export { planText } from "./plan-text.ts";
export { registriesBehind } from "./reach.ts";
export { type Process, reportStatus, type StatusView } from "./report.ts";
export { type Part, repairsIn, type Upkeep } from "./upkeep.ts";
