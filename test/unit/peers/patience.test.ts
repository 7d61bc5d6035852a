import { expect, test } from "vitest";
import { aloneOf } from "../../../src/peers/alone.ts";
import type { Path } from "../../../src/peers/path.ts";
import { oneMoreWrong, patienceMs, type Wrong } from "../../../src/peers/patience.ts";
import { isTalking, type Talk, talk } from "../../../src/peers/talk.ts";
import { endpoint } from "../mesh/values.ts";

const now = 1_700_000_000_000;
const [here, there] = [endpoint("198.51.100.1:1"), endpoint("198.51.100.2:1")];

const twoWay: Talk = { since: now - 3_000, receivedBytes: 0, sentBytes: 0, at: now - 1_000 };
const pathSince = (ago: number, more: Partial<Path> = {}): Path => ({
  endpoint: here,
  since: now - ago,
  changes: 0,
  known: [],
  probes: 0,
  ...more,
});
const old = pathSince(3_600_000);
const patience = (known: Partial<Parameters<typeof patienceMs>[0]> = {}): number =>
  patienceMs(
    { unansweredAt: now, talk: twoWay, path: old, isUnderWay: false, roundTripMs: 10, ...known },
    now,
  );

const wrong = (count: number, ago = 0): Wrong => ({ count, at: now - ago });
const returned = (returns: number, ago: number): Path =>
  pathSince(ago, {
    changes: returns + 1,
    lastChange: { at: now - ago, from: there, to: here, reason: "silent" },
    returns,
  });

test("the longer the round trip, the longer an answer may be missing", () => {
  expect([10, 100, 200, 600].map((roundTripMs) => patience({ roundTripMs }))).toEqual([400, 400, 550, 1_150]);
});

test("where it is unknown how long an answer takes, it may take as long as on the longest paths", () => {
  expect(patience({ roundTripMs: undefined })).toBe(775);
  expect(patience({ roundTripMs: undefined, path: pathSince(3_399) })).toBe(4_000);
});

/** Paths on which something was last over so long ago. */
const over = (ago: number): Path[] => [
  pathSince(ago),
  { ...old, overAt: now - ago },
  { ...old, movedAt: now - ago },
];

test("while a peer is probed or moved, and until nothing is under way any more, no answer is missed soon", () => {
  expect(patience({ isUnderWay: true })).toBe(4_000);
  for (const path of over(2_039)) expect(patience({ path })).toBe(4_000);
  for (const path of over(2_040)) expect(patience({ path })).toBe(400);
  for (const path of over(5_599)) expect(patience({ path, roundTripMs: 900 })).toBe(4_000);
  for (const path of over(5_600)) expect(patience({ path, roundTripMs: 900 })).toBe(1_600);
});

test("each doubt that was wrong doubles the patience: up to 4 s, or 12 s for data in one direction", () => {
  const counts = [0, 1, 2, 3, 4, 5];
  expect(counts.map((count) => patience({ wrong: wrong(count) }))).toEqual([
    400, 800, 1_600, 3_200, 4_000, 4_000,
  ]);
  const { at: _, ...silent } = twoWay;
  expect(counts.map((count) => patience({ wrong: wrong(count), talk: silent }))).toEqual([
    400, 800, 1_600, 3_200, 6_400, 12_000,
  ]);
  expect(patience({ wrong: wrong(5), talk: { ...twoWay, at: now - 10_000 } })).toBe(12_000);
});

test("a doubt that was wrong is forgotten in two minutes, and none is counted without end", () => {
  expect([0, 119_999, 120_000, 240_000].map((ago) => patience({ wrong: wrong(2, ago) }))).toEqual([
    1_600, 1_600, 800, 400,
  ]);
  let many: Wrong | undefined;
  for (let count = 0; count < 100; count++) many = oneMoreWrong(many, now);
  expect(many).toEqual({ count: 5, at: now });
  expect(oneMoreWrong(wrong(3, 240_000), now)).toEqual({ count: 2, at: now });
});

test("a peer that goes back to where it was is left there longer, for five minutes", () => {
  expect([0, 1, 2, 3].map((returns) => patience({ path: returned(returns, 10_000) }))).toEqual([
    400, 800, 1_600, 3_200,
  ]);
  expect(patience({ path: returned(3, 300_000) })).toBe(400);
});

test("the endpoint in use is asked alone for three round trips, and no less than half a second", () => {
  const counters = { receivedBytes: 0, sentBytes: 0, receivedAt: now };
  const timesOf = (waited: number | undefined, roundTripMs: number | undefined): number => {
    const known = waited === undefined ? counters : { ...counters, patienceMs: waited };
    const { rounds, intervalMs } = aloneOf(known, roundTripMs);
    return rounds * intervalMs;
  };
  expect([timesOf(500, 10), timesOf(500, 100), timesOf(1_200, 600), timesOf(500, undefined)]).toEqual([
    498, 498, 1_800, 1_050,
  ]);
  expect(timesOf(undefined, 10)).toBe(1_000); // something else than data is missing
});

/** Whether a peer talks after these polls: milliseconds since the one before, bytes received and sent meanwhile. */
function talks(...polls: readonly (readonly [number, number, number])[]): boolean {
  let [at, known, before] = [now, undefined as Talk | undefined, { receivedBytes: 0, sentBytes: 0 }];
  for (const [elapsed, received, sent] of polls) {
    at += elapsed;
    const seen = { receivedBytes: before.receivedBytes + received, sentBytes: before.sentBytes + sent };
    if (received === 0) continue; // nothing was heard: the bytes sent count at the next news
    known = talk(known, before, seen, at);
    before = seen;
  }
  return isTalking(known, at);
}

test("a peer talks while more than keepalives goes both ways, and for three seconds after that", () => {
  expect(talks([2_000, 300, 300])).toBe(true);
  expect(talks([2_000, 300, 300], [2_999, 0, 0])).toBe(true);
  expect(talks([2_000, 300, 300], [3_000, 0, 0])).toBe(false);
  expect(talks([1_000, 128, 128], [1_000, 128, 128])).toBe(true);
});

test("keepalives, handshakes and data in one direction are no talk", () => {
  expect(talks([25_000, 32, 32], [25_000, 32, 32], [2_000, 148, 92])).toBe(false);
  expect(talks([2_000, 5_000, 32])).toBe(false);
  expect(talks([2_000, 32, 5_000])).toBe(false);
  expect(talks([1_000, 128, 128], [4_000, 128, 128])).toBe(false);
});
