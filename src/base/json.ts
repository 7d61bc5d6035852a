import type { z } from "zod";

/** What a text says, or why it says nothing. The reason never quotes the text, which may hold a key. */
export type Read<Value> = { readonly value: Value } | { readonly problem: string };

/** Of one text, in UTF-16 units: more than the largest file, answer or listing that anything here reads. */
export const longestJson = 64 * 1024 * 1024;

/** The one place where JSON is read. Never throws, whatever the text. */
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

/** All that no JSON has between its values, and that none should have within one. */
const rawControls = /(?![\n\r\t])\p{Cc}/gu;

/** The JSON of a tool that prints names as they are: iproute2 does not escape control characters. */
export const parseToolJson = (text: string): Read<unknown> => parseJson(text.replace(rawControls, escaped));

/** Each UTF-16 unit as JSON writes it where it cannot stand for itself. */
export const escaped = (text: string): string =>
  text.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** What was read, if it has this form; the reason names the place in it that has not. */
export function ofForm<Form extends z.ZodType>(read: Read<unknown>, form: Form): Read<z.output<Form>> {
  if ("problem" in read) return read;
  const { success, data, error } = form.safeParse(read.value);
  if (success) return { value: data };
  const issue = error.issues[0];
  const place = issue?.path.map(String).join(".");
  return { problem: `${place ? `${place}: ` : ""}${issue?.message ?? "it is of another form"}` };
}

/** Both at once. */
export const readJson = <Form extends z.ZodType>(text: string, form: Form): Read<z.output<Form>> =>
  ofForm(parseJson(text), form);

/** The value, for whoever has nothing to say about why there is none. */
export const valueOf = <Value>(read: Read<Value>): Value | undefined =>
  "value" in read ? read.value : undefined;
