export { Prober } from "./prober.ts";
export { Racer } from "./racer.ts";
export { observeRacingTable } from "./table.ts";
