import { type Logger, pino, stdTimeFunctions } from "pino";
import { prettyFactory } from "pino-pretty";
import { parseJson, printable, printableLines } from "../base/index.ts";
import { LogOutput } from "./log-output.ts";

interface LogOptions {
  readonly level: "fatal" | "error" | "warn" | "info" | "debug" | "trace";
  /** The form of a line: `json` is one object for machines, and `text` is for people. */
  readonly format: "json" | "text";
}

/** Ignores a line of the log. */
const ignored = (): void => undefined;

/**
 * Makes a logger that writes to standard error at once, and waits for no reader (see `LogOutput`). `onLine` gets each line
 * as JSON. Foreign text in a message stays on its line and does nothing to a terminal.
 */
export function createLogger(
  { level, format }: LogOptions,
  onLine: (line: string) => void = ignored,
): Logger {
  const out = new LogOutput((lines) => log.warn(`${lines} lines of the log are missing: it was not read`));
  const log: Logger = format === "json" ? jsonLogger(level, out, onLine) : textLogger(level, out, onLine);
  return log;
}

const jsonLogger = (level: LogOptions["level"], out: LogOutput, onLine: (line: string) => void): Logger =>
  pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    {
      write: (line: string) => {
        const plain = printableLines(line);
        onLine(plain);
        out.write(plain);
      },
    },
  );

function textLogger(level: LogOptions["level"], out: LogOutput, onLine: (line: string) => void): Logger {
  const formatted = prettyFactory({
    colorize: process.stderr.isTTY && !process.env.NO_COLOR, // https://no-color.org
    translateTime: "SYS:yyyy-mm-dd HH:MM:ss.l",
    singleLine: true,
  });
  return pino(
    { level, base: null },
    {
      write: (line: string) => {
        onLine(line);
        out.write(formatted(readable(line)));
      },
    },
  );
}

/**
 * The escapes by which JSON hides control characters. They are replaced before a line is made readable, which would
 * bring them back.
 */
const hidden = /\\(?:u00[01]|[nrtbf])/;

function readable(line: string): string {
  const plain = printableLines(line);
  if (!hidden.test(plain)) return plain;
  const entry = parseJson(plain);
  return "value" in entry ? `${JSON.stringify(entry.value, shown)}\n` : plain;
}

/** Makes the strings of an entry printable. A stack keeps its lines, which are indented where it is shown. */
function shown(key: string, value: unknown): unknown {
  if (typeof value !== "string") return value;
  return key === "stack" ? printableLines(value) : printable(value, Number.POSITIVE_INFINITY);
}
