export { scanForOthers } from "./scan.ts";
