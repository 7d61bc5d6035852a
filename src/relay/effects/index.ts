export { Relay } from "./relay.ts";
export { deleteRelayTables, observeRelayTables } from "./tables.ts";
