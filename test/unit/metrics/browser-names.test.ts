import { expect, test } from "vitest";
import { isForeign, isOwnName } from "../../../src/metrics/index.ts";

test.each([
  [undefined, true],
  ["127.0.0.1", true],
  ["127.0.0.1:9586", true],
  ["[::1]:9586", true],
  ["[fd7f::1]", true],
  ["localhost:9586", true],
  ["LOCALHOST.", true],
  ["node1:9586", true],
  ["node1.evil.example:9586", false],
  ["evil.example", false],
  ["[evil]", false],
  ["127.0.0.1.evil.example", false],
  ["::1", false],
  ["", false],
  [":9586", false],
  ["node1:9586:1", false],
  ["user@node1", false],
])("the name %j is one of this node: %s", (header, expected) => {
  expect(isOwnName(header, ["Node1"])).toBe(expected);
});

test("a link may lead here, and nothing else from a page elsewhere", () => {
  expect(isForeign("cross-site", "navigate")).toBe(false);
  expect(isForeign("cross-site", "cors")).toBe(true);
  expect(isForeign("same-site", "no-cors")).toBe(true);
  expect(isForeign("same-origin", "cors")).toBe(false);
  expect(isForeign(undefined, undefined)).toBe(false);
});
