export { gatherFacts } from "./gather.ts";
