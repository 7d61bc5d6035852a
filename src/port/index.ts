/** WireGuard's UDP port, shared: what is sent from it beside WireGuard, and whose answers are told apart. */
export type { Answer } from "./answer.ts";
export type { RaceCounts } from "./counts.ts";
export type { Hold } from "./hold.ts";
export type { Mapping } from "./mapping.ts";
export { planNoRacing, racingTableName } from "./rules.ts";
