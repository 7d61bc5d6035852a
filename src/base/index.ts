export { type Command, commandText, INPUT } from "./command.ts";
export { type ErrorCode, errorText, KubespanError, notInstalled } from "./error.ts";
export { Secret } from "./secret.ts";
export { dueAt } from "./slack.ts";
export { type Stage, type Step } from "./step.ts";
export { isPrintable, parseToolJson, printable, printableJson, printableLines } from "./text.ts";
export { version } from "./version.ts";
