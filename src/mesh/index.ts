export type { Self } from "./announce.ts";
export {
  type Decision,
  decide,
  decideAgain,
  emptyMemory,
  harvestDueIn,
  type Knowledge,
  type Memory,
  remember,
} from "./decide.ts";
export {
  desiredRouting,
  desiredTable,
  type Kernel,
  type Keys,
  type Plan,
  planMesh,
  planNoMesh,
  planRegistries,
  planText,
  planTracked,
  steeredTargets,
} from "./plan.ts";
export { advertiseTheSame, withPodNetworks } from "./pod-networks.ts";
export { reportStatus } from "./report.ts";
export { type Race, upCameOrWent } from "./track.ts";
export { type Part, repairsIn, type Upkeep } from "./upkeep.ts";
