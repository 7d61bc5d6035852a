export { Relay } from "./relay.ts";
export { observeRelayTables } from "./tables.ts";
