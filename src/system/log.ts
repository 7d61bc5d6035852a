import { type Logger, pino, stdTimeFunctions } from "pino";
import pretty from "pino-pretty";

interface LogOptions {
  readonly level: "fatal" | "error" | "warn" | "info" | "debug" | "trace";
  /** `json`: one object a line, for machines. `text`: for people. */
  readonly format: "json" | "text";
}

const standardError = 2;

/** Writes to standard error, at once: the last lines before the end of a process are the ones that matter. */
export function createLogger({ level, format }: LogOptions): Logger {
  return format === "json"
    ? pino(
        {
          level,
          base: null,
          timestamp: stdTimeFunctions.isoTime,
          formatters: { level: (label) => ({ level: label }) },
        },
        pino.destination({ fd: standardError, sync: true }),
      )
    : pino(
        { level, base: null },
        pretty({
          destination: standardError,
          sync: true,
          colorize: process.stderr.isTTY,
          translateTime: "SYS:HH:MM:ss.l",
          singleLine: true,
        }),
      );
}
