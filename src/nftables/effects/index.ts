export { listTable } from "./list.ts";
export { observeDropped, observeTable } from "./observe.ts";
export { OwnTransactions } from "./own-transactions.ts";
