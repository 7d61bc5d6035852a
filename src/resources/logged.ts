import { z } from "zod";
import { logLevels, ofForm, parseJson, valueOf } from "../base/index.ts";
import type { Event } from "./seen.ts";

/** A line of the log, with its number since the daemon started. */
interface Line {
  readonly number: number;
  readonly text: string;
}

const entryForm = z.looseObject({
  level: z.union([z.string(), z.number()]),
  time: z.union([z.string(), z.number()]),
  msg: z.string().default(""),
});

/** Reads lines of the log, which are JSON, as events. */
export const eventsIn = (lines: readonly Line[]): Event[] =>
  lines.flatMap(({ number, text }) => {
    const entry = valueOf(ofForm(parseJson(text), entryForm));
    if (!entry) return [];
    const { level, time, msg } = entry;
    return {
      number,
      at: new Date(time).toISOString(),
      level: typeof level === "string" ? level : (logLevels[level] ?? String(level)),
      text: msg,
    };
  });
