import { expect, test } from "vitest";
import { kept } from "../../../src/base/index.ts";

interface Value {
  readonly list: readonly number[];
  readonly why?: string | undefined;
}

const list = [1];
const before: Value = { list };

test("a value of which nothing differs is the one of before", () => {
  expect(kept(before, { list })).toBe(before);
  expect(kept(before, { list, why: undefined })).toBe(before);
});

test("any field that differs, came or went makes it another one", () => {
  for (const after of [{ list: [1] }, { list, why: "lost" }]) expect(kept<Value>(before, after)).toBe(after);
  const known: Value = { list, why: "lost" };
  expect(kept(known, before)).toBe(before);
});

test("the first value is itself", () => {
  expect(kept(undefined, before)).toBe(before);
});
