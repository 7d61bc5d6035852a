export type { Counted, Dropped } from "./counters.ts";
export { type Exit, type Exits, noExits, type Served } from "./exit.ts";
export { type ObservedTable, parseTable } from "./listing.ts";
export type { OtherMesh } from "./other-mesh.ts";
export { type Ownership, observedCounts, observedJudging, observedTargets, planTable } from "./plan.ts";
export { elementIn, type Networks } from "./sets.ts";
export { type DesiredTable, type Steered, tableNameOf } from "./table.ts";
export {
  deletingText,
  nftCommand,
  nftStep,
  replacingText,
  type TableName,
  takesTable,
} from "./transaction.ts";
