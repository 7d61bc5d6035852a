import { expect, test } from "vitest";
import { contestedAnew } from "../../../src/members/index.ts";

test("an owner is asked once for each time that somebody comes to claim what it owns", () => {
  const contested = new Map([
    ["one", 1],
    ["two", 2],
  ]);
  expect(contestedAnew(new Map(), contested)).toEqual(["one", "two"]);
  expect(contestedAnew(contested, contested)).toEqual([]);
  expect(contestedAnew(contested, new Map([["two", 3]]))).toEqual(["two"]);
});
