import { type Logger, pino, stdTimeFunctions } from "pino";
import pretty from "pino-pretty";
import { parseJson, printable, printableLines } from "../base/index.ts";

interface LogOptions {
  readonly level: "fatal" | "error" | "warn" | "info" | "debug" | "trace";
  /** `json`: one object a line, for machines. `text`: for people. */
  readonly format: "json" | "text";
}

const standardError = 2;

/**
 * Writes to standard error, at once: the last lines before the end of a process are the ones that matter. Whatever text of
 * others is in a message, it stays on its line and does nothing to a terminal.
 */
export function createLogger({ level, format }: LogOptions): Logger {
  if (format === "json") {
    const out = pino.destination({ fd: standardError, sync: true });
    return pino(
      {
        level,
        base: null,
        timestamp: stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
      },
      { write: (line: string) => void out.write(printableLines(line)) },
    );
  }
  const out = pretty({
    destination: standardError,
    sync: true,
    colorize: process.stderr.isTTY,
    translateTime: "SYS:HH:MM:ss.l",
    singleLine: true,
  });
  return pino({ level, base: null }, { write: (line: string) => void out.write(readable(line)) });
}

/** JSON hides control characters, and what shows it to people brings them back: they are replaced before. */
const hidden = /\\(?:u00[01]|[nrtbf])/;

function readable(line: string): string {
  const plain = printableLines(line);
  if (!hidden.test(plain)) return plain;
  const entry = parseJson(plain);
  return "value" in entry ? `${JSON.stringify(entry.value, shown)}\n` : plain;
}

/** A stack keeps its lines: they are indented where it is shown. */
function shown(key: string, value: unknown): unknown {
  if (typeof value !== "string") return value;
  return key === "stack" ? printableLines(value) : printable(value, Number.POSITIVE_INFINITY);
}
