import { parseJson } from "./json.ts";
import { logLevels } from "./log-levels.ts";
import { printableLines } from "./text.ts";

/** Writes a line of the log as Talos sends lines to others; `undefined` if it is none. */
export function talosLine(line: string): string | undefined {
  const read = parseJson(printableLines(line));
  if (!("value" in read) || typeof read.value !== "object" || read.value === null) return undefined;
  const { level, time, msg, ...rest } = read.value as Record<string, unknown>;
  const entry = {
    msg,
    "talos-level": typeof level === "number" ? logLevels[level] : level,
    "talos-service": "kubespan",
    "talos-time": typeof time === "number" ? new Date(time).toISOString() : time,
    ...rest,
  };
  return `${JSON.stringify(entry)}\n`;
}
