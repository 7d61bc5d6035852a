import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Paced } from "../../../src/daemon/paced.ts";

const pace = { settleTimeMs: 2_000, shortestIntervalMs: 30_000, longestIntervalMs: 900_000 };
let looks = 0;
let paced: Paced;

beforeEach(() => {
  vi.useFakeTimers();
  looks = 0;
  paced = new Paced(pace, () => {
    looks++;
    return Promise.resolve();
  });
});

afterEach(async () => {
  await paced.stop();
  vi.useRealTimers();
});

it("does not look while the daemon starts, and then without being asked", async () => {
  await vi.advanceTimersByTimeAsync(1_999);
  expect(looks).toBe(0);
  await vi.advanceTimersByTimeAsync(1);
  expect(looks).toBe(1);
});

it("looks at once for an operator who asks before the first look, and only once", async () => {
  await paced.catchUp();
  expect(looks).toBe(1);
  await paced.catchUp();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(looks).toBe(1);
});

it("looks again after a change, but no sooner than it may", async () => {
  await paced.catchUp();
  paced.request();
  await vi.advanceTimersByTimeAsync(29_999);
  expect(looks).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(looks).toBe(2);
});
