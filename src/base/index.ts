export { type Command, commandText, INPUT } from "./command.ts";
export { type ErrorCode, errorCodes, errorText, KubespanError, notInstalled } from "./error.ts";
export { ofForm, parseJson, parseToolJson, type Read, readJson, valueOf } from "./json.ts";
export { hexText, hexWord, numberOfBytes, parseNumber, wordOf } from "./number.ts";
export { Secret } from "./secret.ts";
export { dueAt } from "./slack.ts";
export { type Stage, type Step } from "./step.ts";
export { isPrintable, printable, printableJson, printableLines } from "./text.ts";
export { version } from "./version.ts";
