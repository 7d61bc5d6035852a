import { parseJson } from "./json.ts";
import { printableLines } from "./text.ts";

/** The names of levels, by the numbers that stand in lines of the log. */
const levels: Readonly<Record<number, string>> = {
  10: "trace",
  20: "debug",
  30: "info",
  40: "warn",
  50: "error",
  60: "fatal",
};

/** Writes a line of the log as Talos sends lines to others; `undefined` if it is none. */
export function talosLine(line: string): string | undefined {
  const read = parseJson(printableLines(line));
  if (!("value" in read) || typeof read.value !== "object" || read.value === null) return undefined;
  const { level, time, msg, ...rest } = read.value as Record<string, unknown>;
  const entry = {
    msg,
    "talos-level": typeof level === "number" ? levels[level] : level,
    "talos-service": "kubespan",
    "talos-time": typeof time === "number" ? new Date(time).toISOString() : time,
    ...rest,
  };
  return `${JSON.stringify(entry)}\n`;
}
