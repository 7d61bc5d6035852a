export { loadConfig } from "./load.ts";
