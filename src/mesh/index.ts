/** One pass without its effects: knowledge and the state of the kernel in; decision, plan and report out. */
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
  type MeshPlan,
  mtuOf,
  type Plan,
  planMesh,
  planNoMesh,
  planPolled,
  planRegistries,
  planText,
  tableWith,
} from "./plan.ts";
export { type Process, reportStatus } from "./report.ts";
export { type Part, repairsIn, type Upkeep } from "./upkeep.ts";
