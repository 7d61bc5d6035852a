export { afterOwner } from "./after-owner.ts";
export { setsHolding } from "./holding.ts";
export { listSet, listTable } from "./list.ts";
export { observeCounts, observeTable } from "./observe.ts";
export { OwnTransactions } from "./own-transactions.ts";
export { TableOwner } from "./table-owner.ts";
