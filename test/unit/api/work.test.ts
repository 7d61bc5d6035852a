import { expect, test } from "vitest";
import { exitCodeOf, type Progress, type Work, workOf } from "../../../src/api/work.ts";

const now = 1_000_000;
const well: Progress = { enabled: true, startedAt: now - 100_000, hasPassed: true };
const failure = { error: "nft failed", since: now - 5_000 };

test.each<[string, Progress, Work, number]>([
  ["all is well", well, { state: "working" }, 0],
  ["a pass is under way", { ...well, passSince: now - 59_000 }, { state: "working" }, 0],
  [
    "a pass does not end",
    { ...well, passSince: now - 61_000 },
    { state: "failing", why: "a look at the kernel does not end", seconds: 61 },
    12,
  ],
  ["a pass failed", { ...well, failure }, { state: "failing", why: "nft failed", seconds: 5 }, 12],
  [
    "it has just started",
    { ...well, hasPassed: false },
    { state: "starting", why: "no look at the kernel has ended yet", seconds: 100 },
    12,
  ],
  [
    "its first pass failed",
    { ...well, hasPassed: false, failure },
    { state: "failing", why: "nft failed", seconds: 5 },
    12,
  ],
  [
    "the loop is stopped, whatever else",
    { ...well, failure, stopped: { why: "the mesh is being taken down", since: now - 2_000 } },
    { state: "stopped", why: "the mesh is being taken down", seconds: 2 },
    12,
  ],
  [
    "it is disabled",
    { ...well, enabled: false },
    { state: "disabled", why: "the mesh is disabled in the configuration", seconds: 100 },
    13,
  ],
  [
    "it is disabled, and does not come down",
    { ...well, enabled: false, failure },
    { state: "failing", why: "nft failed", seconds: 5 },
    12,
  ],
])("%s", (_, progress, work, exitCode) => {
  expect(workOf(progress, now)).toEqual(work);
  expect(exitCodeOf(work)).toBe(exitCode);
});
