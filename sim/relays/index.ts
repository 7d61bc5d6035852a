/** Relays in a large mesh, with the daemon's decisions in virtual time: which pair gets which, and what a relay's death does. */
export { RelayDeath } from "./death.ts";
export { connectAll } from "./load.ts";
export { RelayWorld } from "./world.ts";
