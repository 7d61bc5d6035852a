import { expect, test } from "vitest";
import { Said } from "../../../src/system/index.ts";

test.each<[string, string, boolean]>([
  ["Failed (2026-11-25T23:05:24.999Z)", "Failed (2026-11-25T23:05:27.001Z)", false],
  ["no answer within 10.000s", "no answer within 9 s", false],
  ["40BDA6369D7F0000:error", "40CD1F6EDC7F0000:error", false],
  ["node-1 failed", "node-2 failed", true],
  ["192.0.2.1:4000 refused", "192.0.2.2:4000 refused", true],
])("%j, then %j: news?", (first, second, isNews) => {
  const said = new Said();
  expect(said.isNews(first)).toBe(true);
  expect(said.isNews(first)).toBe(false);
  expect(said.isNews(second)).toBe(isNews);
  said.forget();
  expect(said.isNews(first)).toBe(true);
});

test("failures that take turns are each said once, and very many kinds fill no memory", () => {
  const said = new Said();
  expect(["a", "b", "a", "b"].map((text) => said.isNews(text))).toEqual([true, true, false, false]);
  for (let kind = 0; kind < 100; kind++) said.isNews(`kind-${kind}`);
  expect(said.isNews("kind-99")).toBe(false);
  expect(said.isNews("a")).toBe(true);
});
