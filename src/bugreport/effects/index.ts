export { packArchive } from "./archive.ts";
export { gatherReport } from "./gather.ts";
