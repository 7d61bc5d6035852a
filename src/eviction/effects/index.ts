export { RollFile } from "./roll-file.ts";
