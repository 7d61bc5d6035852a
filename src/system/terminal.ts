import { printableJson, printableLines } from "../base/index.ts";

/**
 * Prints text on the terminal, to which nothing outside this file writes. No escape sequence in a text arrives there.
 * This is the second line of defence, behind the tables that keep a field to one line.
 */
export const print = (text: string): void => void process.stdout.write(printableLines(text));
export const complain = (text: string): void => void process.stderr.write(printableLines(text));

export const printJson = (value: unknown): void => void process.stdout.write(`${printableJson(value)}\n`);
