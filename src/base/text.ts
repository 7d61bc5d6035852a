import { escaped } from "./json.ts";

/**
 * Foreign text that is made fit to be shown. The names of links, tables and comments, the statements of peers and
 * services, and the complaints of tools may hold anything: an escape sequence would move the cursor, colour or clear a
 * terminal, or fake a line of the log.
 */

/**
 * The unprintable characters: control, format (bidirectional overrides, zero width), line and paragraph separators,
 * surrogates, private use and unassigned.
 */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}\uFFFD]/u;
const allUnprintable = new RegExp(unprintable, "gu");
/** The unprintable characters except the end of a line and the tabulator. */
const allButLines = new RegExp(`(?![\\n\\t])${unprintable.source}`, "gu");

/** Tells whether a text can be shown on a terminal without any change. */
export const isPrintable = (text: string): boolean => !unprintable.test(text);

/**
 * Makes foreign text fit for a message: unprintable characters become `?`, and the text ends after `limit` characters.
 */
export function printable(text: string, limit = 200): string {
  const shown = text.slice(0, limit).replace(allUnprintable, "?");
  return text.length > limit ? `${shown}...` : shown;
}

/** Makes a text of several lines fit to be shown: unprintable characters become `?`, and the lines stay. */
export const printableLines = (text: string): string => text.replace(allButLines, "?");

/** Writes JSON in which no escape sequence reaches a terminal, and which reads as the same value. */
export const printableJson = (value: unknown): string =>
  JSON.stringify(value, null, 2).replace(allButLines, escaped);
