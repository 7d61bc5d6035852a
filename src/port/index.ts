/** WireGuard's UDP port, shared with packets of our own, whose answers are told apart from WireGuard's. */
export type { Answer } from "./answer.ts";
export type { RaceCounts } from "./counts.ts";
export type { Guessing } from "./guessed.ts";
export type { Mapping, Observation } from "./mapping.ts";
export { type Pin, parseSource } from "./pin.ts";
export { planNoRacing, racingTableNameOf } from "./rules.ts";
