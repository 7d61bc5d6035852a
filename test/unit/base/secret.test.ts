import { inspect } from "node:util";
import * as fc from "fast-check";
import pino from "pino";
import { expect, test } from "vitest";
import { errorText, KubespanError } from "../../../src/base/error.ts";
import { Secret } from "../../../src/base/secret.ts";

const bytes = Uint8Array.from({ length: 32 }, (_, index) => 200 + index);
const secret = new Secret(bytes);

/** Every form in which the bytes could come out. */
const forms = [
  Buffer.from(bytes).toString("base64"),
  Buffer.from(bytes).toString("hex"),
  Buffer.from(bytes).toString("latin1"),
  Array.from(bytes).join(","),
  Array.from(bytes).join(", "),
];

function logged(value: unknown): string {
  const lines: string[] = [];
  pino({}, { write: (line: string) => void lines.push(line) }).info({ value }, "a line");
  return lines.join("");
}

test.each<[string, (value: unknown) => string]>([
  ["String", String],
  ["a template", (value) => `text ${value as string}`],
  ["JSON", (value) => JSON.stringify({ value })],
  ["inspect", (value) => inspect({ value }, { depth: 10, showHidden: true })],
  ["a log", logged],
  ["keys and entries", (value) => JSON.stringify(Object.entries(value as object))],
  [
    "an error",
    (value) => errorText(new KubespanError("config", `wrong: ${value as string}`, { cause: value })),
  ],
  ["a copy", (value) => JSON.stringify({ ...(value as object) })],
])("%s does not show a secret", (_, print) => {
  const text = print(secret);
  for (const form of forms) expect(text).not.toContain(form);
});

test("bytes in, the same bytes out, and later changes outside change nothing", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), (input) => {
      const kept = new Secret(input);
      const copy = Uint8Array.from(input);
      input[0] = (input[0] ?? 0) ^ 1;
      expect(kept.reveal()).toEqual(copy);
      expect(Secret.fromBase64(kept.revealBase64()).equals(kept)).toBe(true);
      expect(new Secret(input).equals(kept)).toBe(false);
      expect(new Secret(copy.subarray(1)).equals(kept)).toBe(false);
    }),
  );
});
