export { observeDropped, observeTable } from "./observe.ts";
