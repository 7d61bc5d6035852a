export { flows, type SilenceScenario, simulateSilence } from "./world.ts";
