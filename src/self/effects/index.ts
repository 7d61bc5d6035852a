export { NumberFile } from "./number-file.ts";
