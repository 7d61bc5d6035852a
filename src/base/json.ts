import type { z } from "zod";

/** A value that was read, or the reason why there is none. The reason never quotes the text, which may hold a key. */
export type Read<Value> = { readonly value: Value } | { readonly problem: string };

/**
 * The longest text that is read, in UTF-16 units. It is more than the largest file, answer or listing of this program.
 */
export const longestJson = 64 * 1024 * 1024;

/** Parses JSON, which nothing else in src does. It never throws, whatever the text. */
export function parseJson(text: string): Read<unknown> {
  if (text.length > longestJson) return { problem: `it is longer than ${longestJson} characters` };
  if (text.trim() === "") return { problem: "it is empty" };
  try {
    const value: unknown = JSON.parse(text);
    return { value };
  } catch {
    return { problem: "it is not JSON" }; // the parser's own message quotes the text
  }
}

/** The characters that JSON never has between its values, and should not have within one. */
const rawControls = /(?![\n\r\t])\p{Cc}/gu;

/** Parses the JSON of a tool that prints names unescaped. iproute2 does not escape control characters. */
export const parseToolJson = (text: string): Read<unknown> => parseJson(text.replace(rawControls, escaped));

/** Writes each UTF-16 unit as a JSON escape. */
export const escaped = (text: string): string =>
  text.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

/**
 * Checks against a form as it is. Otherwise the library compiles a function for each form when it is used first, which
 * takes longer than all checks of a start.
 */
export const uncompiled = { jitless: true } as const;

/** Checks a parsed value against a form. The reason for a refusal names the place that does not fit. */
export function ofForm<Form extends z.ZodType>(read: Read<unknown>, form: Form): Read<z.output<Form>> {
  if ("problem" in read) return read;
  const { success, data, error } = form.safeParse(read.value, uncompiled);
  if (success) return { value: data };
  const issue = error.issues[0];
  const place = issue?.path.map(String).join(".");
  return { problem: `${place ? `${place}: ` : ""}${issue?.message ?? "it is of another form"}` };
}

/** Parses JSON and checks it against a form. */
export const readJson = <Form extends z.ZodType>(text: string, form: Form): Read<z.output<Form>> =>
  ofForm(parseJson(text), form);

/** The value alone, for a caller that does not report the reason. */
export const valueOf = <Value>(read: Read<Value>): Value | undefined =>
  "value" in read ? read.value : undefined;
