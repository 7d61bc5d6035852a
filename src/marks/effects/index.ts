export { scanForCollisions, scanForOthers } from "./scan.ts";
