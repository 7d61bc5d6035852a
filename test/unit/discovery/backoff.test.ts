import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { failuresAfter, reconnectDelayMs } from "../../../src/discovery/backoff.ts";

describe("the delay before the next attempt", () => {
  test.each([
    [0, 250],
    [1, 250],
    [2, 500],
    [3, 1000],
    [7, 16_000],
    [8, 30_000],
    [1e9, 30_000],
  ])("after %i failures is half to all of %i ms", (failures, whole) => {
    expect(reconnectDelayMs(failures, 0)).toBe(whole / 2);
    expect(reconnectDelayMs(failures, 0.5)).toBe(whole * 0.75);
  });

  test("never leaves its bounds", () => {
    fc.assert(
      fc.property(fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), (failures, random) => {
        const delay = reconnectDelayMs(failures, random);
        expect(delay).toBeGreaterThanOrEqual(125);
        expect(delay).toBeLessThanOrEqual(30_000);
      }),
    );
  });
});

describe("failures in a row", () => {
  test.each([
    ["never worked: one more", 4, undefined, 5],
    ["worked for long: forgotten", 7, 10_000, 0],
    ["worked for a moment: a service that comes and goes is not asked all the time", 0, 50, 1],
    ["worked for a moment after a long outage: soon again", 9, 50, 3],
  ])("%s", (_, failures, workedForMs, expected) => {
    expect(failuresAfter(failures, workedForMs)).toBe(expected);
  });
});
