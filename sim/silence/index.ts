export { type Flow, flows, type Silence, type SilenceScenario, simulateSilence } from "./world.ts";
