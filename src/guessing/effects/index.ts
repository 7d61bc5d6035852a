export { Openings } from "./openings.ts";
