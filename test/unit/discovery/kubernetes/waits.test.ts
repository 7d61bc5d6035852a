import { describe, expect, test } from "vitest";
import { retryDelayMs } from "../../../../src/discovery/backoff.ts";
import { Lookups } from "../../../../src/discovery/kubernetes/lookups.ts";
import {
  doubtfulSilenceMs,
  listDelayMs,
  readEveryMs,
  retryAfterMs,
} from "../../../../src/discovery/kubernetes/waits.ts";

const now = Date.parse("2030-01-01T00:00:00Z");

describe("Retry-After", () => {
  test.each([
    ["7", 7_000],
    [" 0 ", 0],
    ["Tue, 01 Jan 2030 00:00:09 GMT", 9_000],
    ["Tue, 01 Jan 2019 00:00:09 GMT", 0],
    ["999999999", 300_000],
    ["Tue, 01 Jan 2999 00:00:00 GMT", 300_000],
    ["", undefined],
    ["soon", undefined],
    [undefined, undefined],
  ])("%j: %j ms", (text, expected) => {
    expect(retryAfterMs(text, now)).toBe(expected);
  });

  test("is waited for at least, and a longer pause stays", () => {
    for (const random of [0, 0.999]) {
      expect(retryDelayMs(1, 7_000, random)).toBeGreaterThanOrEqual(7_000);
      expect(retryDelayMs(1, 7_000, random)).toBeLessThan(8_750);
    }
    expect(retryDelayMs(20, 1_000, 0)).toBe(15_000);
    expect(retryDelayMs(1, 0, 0)).toBe(125);
  });
});

test("the nodes of a large cluster list one after the other, those of a small one at once", () => {
  expect(listDelayMs(3, 0.999)).toBeLessThan(100);
  expect([0, 0.5, 0.999].map((random) => Math.round(listDelayMs(1_000, random)))).toEqual([
    0, 10_000, 19_980,
  ]);
  expect(listDelayMs(1_000_000, 0.999)).toBeLessThan(120_000);
});

test("all nodes together read a thousand silent Nodes in a second at most, and those of a small cluster two each", () => {
  expect([3, 500, 1_000, 5_000].map(readEveryMs)).toEqual([500, 500, 1_000, 5_000]);
});

test("an API that went back is noticed within a minute, the answer included", () => {
  for (const random of [0, 0.999]) expect(doubtfulSilenceMs(random)).toBeLessThan(51_000);
});

describe("Lookups", () => {
  test("a burst at once, then one after the other; each Node once, the one that waited longest first", () => {
    const lookups = new Lookups(2, () => 10_000);
    expect(lookups.dueInMs(0)).toBe(Number.POSITIVE_INFINITY);
    for (const name of ["a", "b", "a", "c", "d"]) lookups.want(name);
    const taken: [string | undefined, number][] = [];
    let at = 1_000;
    while (Number.isFinite(lookups.dueInMs(at))) {
      at += lookups.dueInMs(at);
      taken.push([lookups.take(at), at]);
    }
    expect(taken).toEqual([
      ["a", 1_000],
      ["b", 1_000],
      ["c", 11_000],
      ["d", 21_000],
    ]);
    expect(lookups.take(at)).toBeUndefined();
    lookups.want("e");
    expect(lookups.dueInMs(at + 60_000)).toBe(0);
  });
});
