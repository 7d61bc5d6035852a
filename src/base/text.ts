import { escaped } from "./json.ts";

/**
 * Text of others made fit to be shown. Names of links, tables and comments, what peers and services say, and what a tool
 * complains about may hold anything: an escape sequence would move the cursor, colour or clear a terminal, or write a log
 * line that nobody logged.
 */

/** Control, format (bidirectional overrides, zero width), line and paragraph separators, surrogates, unassigned. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}\uFFFD]/u;
const allUnprintable = new RegExp(unprintable, "gu");
/** All of them but the end of a line and a tabulator. */
const allButLines = new RegExp(`(?![\\n\\t])${unprintable.source}`, "gu");

/** True for text that can be shown on a terminal without doing anything to it. */
export const isPrintable = (text: string): boolean => !unprintable.test(text);

/** Foreign text made fit for a message: unprintable characters become `?`, and it ends after `limit` characters. */
export function printable(text: string, limit = 200): string {
  const shown = text.slice(0, limit).replace(allUnprintable, "?");
  return text.length > limit ? `${shown}...` : shown;
}

/** Text of several lines, whatever is in it: what is unprintable becomes `?`, and it stays as many lines. */
export const printableLines = (text: string): string => text.replace(allButLines, "?");

/** JSON that a terminal shows and does not obey; it reads as the same value. */
export const printableJson = (value: unknown): string =>
  JSON.stringify(value, null, 2).replace(allButLines, escaped);
