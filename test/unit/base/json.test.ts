import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { longestJson, ofForm, parseJson, parseToolJson, readJson, valueOf } from "../../../src/base/json.ts";

const hostile = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.json(),
  fc.json().map((text) => text.slice(0, -1)),
  fc.nat(20_000).map((depth) => "[".repeat(depth)),
  fc.nat(200).map((depth) => `${"[".repeat(depth)}${"]".repeat(depth)}`),
  fc.constantFrom(
    '{"__proto__":{"isEvil":true}}',
    '{"constructor":1}',
    "1e999",
    "-0",
    "\uFEFF{}",
    '"\uD800"',
  ),
);

/** What the parser of the language makes of it. */
const expected = (text: string): unknown => {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return { problem: text.trim() === "" ? "it is empty" : "it is not JSON" };
  }
};

describe("JSON of anybody", () => {
  test("is a value or a problem, never an error, and changes nothing else", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(parseJson(text)).toEqual(expected(text));
        expect(
          Object.hasOwn(parseToolJson(text), "value") || Object.hasOwn(parseToolJson(text), "problem"),
        ).toBe(true);
        expect(({} as { isEvil?: boolean }).isEvil).toBeUndefined();
      }),
    );
  });

  test("is read or refused however deep it is", () => {
    const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    for (const read of [parseJson(deep), readJson(deep, z.array(z.unknown())), readJson(deep, z.string())])
      expect(Object.keys(read)).toHaveLength(1);
  });

  test("is never quoted in the problem: it may hold a key", () => {
    for (const text of ['{"privateKey":"c2VjcmV0', "c2VjcmV0", '{"privateKey":c2VjcmV0}'])
      expect(parseJson(text)).toEqual({ problem: "it is not JSON" });
    const form = z.strictObject({ version: z.literal(1), privateKey: z.string().length(3) });
    for (const privateKey of ["c2VjcmV0", { c2VjcmV0: 1 }, ["c2VjcmV0"]])
      expect(JSON.stringify(readJson(JSON.stringify({ version: 1, privateKey }), form))).not.toContain(
        "c2Vj",
      );
  });

  test("is not read where it is longer than anything that is meant", () => {
    const text = `[${" ".repeat(longestJson)}]`;
    expect(parseJson(text)).toHaveProperty("problem");
  });
});

describe("JSON with a form", () => {
  const form = z.strictObject({ list: z.array(z.number()) });

  test("is its value", () => {
    expect(readJson('{"list":[1,2]}', form)).toEqual({ value: { list: [1, 2] } });
    expect(valueOf(readJson('{"list":[1,2]}', form))).toEqual({ list: [1, 2] });
  });

  test.each([
    ['{"list":[1,"x"]}', /^list\.1: /],
    ["[]", /expected object/],
    ["", /^it is empty$/],
    ["{", /^it is not JSON$/],
  ])("names the place that has another one: %s", (text, problem) => {
    const read = readJson(text, form);
    expect("problem" in read && read.problem).toMatch(problem);
    expect(valueOf(read)).toBeUndefined();
    expect(ofForm(read, form)).toBe(read);
  });
});

test("a tool's JSON with raw control characters reads as what it means", () => {
  expect(parseJson('["a\u0001b"]')).toHaveProperty("problem");
  expect(parseToolJson('["a\u0001b\u001b",\n\t1]')).toEqual({ value: ["a\u0001b\u001b", 1] });
});
