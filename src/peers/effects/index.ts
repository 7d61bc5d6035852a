export { forgetLastWorking, LastWorkingFile } from "./last-working-file.ts";
