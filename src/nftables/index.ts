export { type ObservedTable, parseTable } from "./listing.ts";
export { planTable } from "./plan.ts";
export { type DesiredTable, tableName } from "./table.ts";
