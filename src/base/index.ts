export { type Capability, hasCapability, parseCapabilities } from "./capabilities.ts";
export { type Command, commandText, INPUT, type ToolRun } from "./command.ts";
export { age } from "./duration.ts";
export {
  cannotListen,
  type ErrorCode,
  errorCodes,
  errorText,
  KubespanError,
  messageText,
  notInstalled,
} from "./error.ts";
export { ofForm, parseJson, parseToolJson, type Read, readJson, uncompiled, valueOf } from "./json.ts";
export { mainLink, nameFor } from "./link-name.ts";
export { logLevels } from "./log-levels.ts";
export { hexText, hexWord, numberOfBytes, parseNumber, wordOf } from "./number.ts";
export { onceFor } from "./once-for.ts";
export { type OsRelease, parseOsRelease } from "./os-release.ts";
export { type Revised, revised, type SameFields } from "./revised.ts";
export { Secret } from "./secret.ts";
export { shortList } from "./short-list.ts";
export { dueAt } from "./slack.ts";
export { type Stage, type Step } from "./step.ts";
export { talosLine } from "./talos-line.ts";
export { isPrintable, printable, printableJson, printableLines } from "./text.ts";
export { isOlderVersion, versionIn } from "./tool-version.ts";
export { version } from "./version.ts";
