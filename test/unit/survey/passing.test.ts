import { describe, expect, test } from "vitest";
import { mtuHole } from "../../../src/causes/index.ts";
import { holeIn, toMeasure } from "../../../src/survey/index.ts";
import { peer } from "../cli/status-values.ts";

const now = 10_000_000;
const up = peer(2, { stateSeconds: 500, way: { kind: "direct", seconds: 100 } });
const small = { roundTripMs: 1, lossPercent: 0, mtu: 1280 };
const at = (secondsAgo: number, measured: Parameters<typeof mtuHole>[0] | object = small) => ({
  at: now - 1_000 * secondsAgo,
  measured: { ...small, ...measured },
});

test.each([
  ["was not measured", up, undefined, 1],
  ["was measured where it is now", up, at(50), 0],
  ["was measured where it was before", up, at(200), 1],
  ["was measured long ago", { ...up, stateSeconds: 9_999, way: undefined }, at(700), 1],
  ["is down", peer(2, { state: "down" }), undefined, 0],
  ["is suspected", { ...up, suspected: true as const }, undefined, 0],
])("a peer that %s: %#", (_, each, noted, due) => {
  expect(toMeasure([each as typeof up], () => noted, now)).toHaveLength(due);
});

test("of many only some are measured at one time", () => {
  expect(
    toMeasure(
      Array.from({ length: 1_000 }, () => up),
      () => undefined,
      now,
    ),
  ).toHaveLength(32);
});

describe("a hole", () => {
  test.each([
    [at(50), true],
    [at(50, { mtu: undefined }), true],
    [at(50, { mtu: 1420 }), false],
    [at(50, { lossPercent: 20 }), false],
    [at(50, { roundTripMs: undefined }), false],
    [at(200), false],
    [undefined, false],
  ])("%j: %s", (noted, isHole) => {
    expect(holeIn(up, noted, 1420, now) !== undefined).toBe(isHole);
  });

  test("is named with what passes, and its cure", () => {
    expect(mtuHole({ mtu: 1420, linkMtu: 1420 })).toBeUndefined();
    expect(mtuHole({ mtu: 1340, linkMtu: 1420 })).toMatchObject({
      kind: "mtu-hole",
      what: "small packets pass, and such of 1420 bytes get lost on the way; 1340 bytes pass",
      cure: expect.stringMatching(/^set mtu to 1340 on both nodes/) as unknown,
    });
    expect(mtuHole({ linkMtu: 1420 })?.cure).toMatch(/^set mtu to 1280/);
  });
});
