export { Prober } from "./prober.ts";
export { Racer, type RacerOptions } from "./racer.ts";
export { Sockets } from "./sockets.ts";
export { observeRacingTable } from "./table.ts";
