/** Everything that the daemon knows, as resources in the form of Talos': one file for each kind. */
export { eventsIn } from "./logged.ts";
export { netcheckOf } from "./netcheck.ts";
export type { Planned, Seen } from "./seen.ts";
export { ResourceStores } from "./stores.ts";
export { decidedWay, differencesBetween } from "./why.ts";
