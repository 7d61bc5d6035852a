import { printableJson, printableLines } from "../base/index.ts";

/**
 * The only two ways to the terminal. Whatever a text is made of, no escape sequence in it arrives: the second line of
 * defence, behind the tables that keep a field to one line.
 */
export const print = (text: string): void => void process.stdout.write(printableLines(text));
export const complain = (text: string): void => void process.stderr.write(printableLines(text));

export const printJson = (value: unknown): void => void process.stdout.write(`${printableJson(value)}\n`);
