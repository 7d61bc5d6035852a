import { z } from "zod";
import { decodeKey } from "../identity/index.ts";
import { parsePrefix, unreachableNetwork } from "../net/index.ts";
import { shown } from "./problem.ts";

/**
 * These functions build schemas whose messages say what stands in the file and what was expected. No message quotes key
 * material, and zod is never asked to put the input into an issue.
 */

type Message = (issue: { readonly input?: unknown }) => string;

const refusal =
  (expected: string): Message =>
  ({ input }) =>
    input === undefined ? `is missing; expected ${expected}` : `is ${shown(input)}; expected ${expected}`;

/** Accepts text that `parse` understands; `parse` gives `undefined` for other text. */
export const parsedText = <T>(expected: string, parse: (text: string) => T | undefined) =>
  z.string({ error: refusal(expected) }).transform((text, context): T => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.addIssue({ code: "custom", message: refusal(expected)({ input: text }) });
    return z.NEVER;
  });

export const matchingText = (expected: string, pattern: RegExp) =>
  parsedText(expected, (text) => (pattern.test(text) ? text : undefined));

/** Accepts also the words of YAML 1.1, which Talos' reader takes for true and false. */
export const trueOrFalse = () =>
  z.preprocess(
    (input) => (typeof input === "string" ? (oldWords.get(input.toLowerCase()) ?? input) : input),
    z.boolean({ error: refusal("true or false") }),
  );

const oldWords = new Map([
  ["yes", true],
  ["y", true],
  ["on", true],
  ["no", false],
  ["n", false],
  ["off", false],
]);

export const oneOf = <const T extends readonly [string, ...string[]]>(words: T) =>
  z.enum(words, { error: refusal(`one of ${words.join(", ")}`) });

export const exactly = <const T extends string>(word: T) => z.literal(word, { error: refusal(word) });

/** Accepts a whole number of a range, both ends included. */
export function wholeNumber(least: number, most: number) {
  const error = refusal(`a whole number from ${least} to ${most}`);
  return z
    .number({ error })
    .refine((value) => Number.isInteger(value) && least <= value && value <= most, { error })
    .meta({ type: "integer", minimum: least, maximum: most });
}

export const port = () => wholeNumber(1, 65_535);

export const listOf = <T extends z.ZodType>(item: T, expected: string, most = 1024) =>
  z
    .array(item, { error: refusal(`a list of ${expected}`) })
    .max(most, { error: `has too many entries; expected at most ${most}` })
    .default([]);

/** Accepts a map with these keys and no others. */
export const section = <T extends z.ZodRawShape>(shape: T) =>
  z.strictObject(shape, { error: refusal(`a map with ${Object.keys(shape).join(", ")}`) });

/** Accepts a map from names to values of one kind. */
export const namedValues = <T extends z.ZodType>(value: T, expected: string) =>
  z.record(z.string(), value, { error: refusal(`a map from ${expected}`) }).default({});

export const prefix = () => parsedText("a prefix such as 10.0.0.0/8 or 2001:db8::/32", parsePrefix);

/** Accepts a prefix to which other nodes can send packets. */
export const routablePrefix = () =>
  prefix().superRefine((value, context) => {
    const kind = unreachableNetwork(value);
    if (kind !== undefined)
      context.addIssue({
        code: "custom",
        message: `is ${value}, which is ${kind}; no other node can reach it`,
      });
  });

export const key = (what: string) =>
  z.string({ error: keyMessage(what) }).refine((text) => decodeKey(text) !== undefined, {
    error: keyMessage(what),
  });

/** The message never shows the value, since it may be the secret with one letter missing. */
const keyMessage =
  (what: string): Message =>
  ({ input }) => {
    const expected = `expected ${what}: 32 random bytes in base64 (44 characters), as 'kubespan gen config' makes`;
    if (input === undefined) return `is missing; ${expected}`;
    return typeof input === "string"
      ? `is not valid (${input.length} characters); ${expected}`
      : `is not text; ${expected}`;
  };

/** Accepts an absolute path without `.` and `..`. */
export const absolutePath = (longest = 1024) =>
  parsedText(`an absolute path of at most ${longest} bytes without '.' or '..' parts`, (text) => {
    const parts = text.split("/").slice(1);
    const plain = parts.every((part) => part !== "." && part !== ".." && !/\p{C}/u.test(part));
    const fits = Buffer.byteLength(text) <= longest;
    return text.startsWith("/") && text !== "/" && plain && fits ? text : undefined;
  });
