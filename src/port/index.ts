/** WireGuard's UDP port, shared: what is sent from it beside WireGuard, and whose answers are told apart. */
export type { Answer } from "./answer.ts";
export type { RaceCounts } from "./counts.ts";
export type { Mapping } from "./mapping.ts";
export type { Pin } from "./pin.ts";
export { planNoRacing, racingTableName } from "./rules.ts";
