export { complaintOf } from "./complaint.ts";
export { createProgram } from "./program.ts";
