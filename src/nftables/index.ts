export { type ObservedTable, parseTable } from "./listing.ts";
export { observedTargets, planTable } from "./plan.ts";
export { type DesiredTable, tableName } from "./table.ts";
