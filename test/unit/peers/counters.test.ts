import fc from "fast-check";
import { expect, test } from "vitest";
import { type Counters, count, verdictOf, verified } from "../../../src/peers/counters.ts";
import { monitoringTimings } from "../../../src/peers/timings.ts";

/** Each look: milliseconds since the one before, and the bytes received and sent meanwhile. */
type Look = readonly [number, number, number];

function watch(looks: readonly Look[]): { counters: Counters; now: number } {
  let now = 1_000_000;
  let [receivedBytes, sentBytes] = [5_000, 5_000];
  let counters = count(undefined, { receivedBytes, sentBytes }, now);
  for (const [elapsed, received, sent] of looks) {
    now += elapsed;
    receivedBytes += received;
    sentBytes += sent;
    counters = count(counters, { receivedBytes, sentBytes }, now);
  }
  return { counters, now };
}

const verdictAfter = (...looks: readonly Look[]): string => {
  const { counters, now } = watch(looks);
  return verdictOf(counters, now, monitoringTimings);
};

test.each<[string, Look[], string]>([
  ["a peer that was just found", [], "sound"],
  ["nothing sent, nothing heard yet", [[25_000, 0, 0]], "sound"],
  ["traffic without an answer so far", [[2_000, 0, 3_000]], "sound"],
  [
    "traffic without an answer for seconds",
    [
      [2_000, 0, 3_000],
      [4_000, 0, 0],
    ],
    "doubtful",
  ],
  [
    "an answer after a doubt",
    [
      [2_000, 0, 3_000],
      [6_000, 0, 0],
      [1_000, 32, 0],
    ],
    "sound",
  ],
  [
    "traffic that goes on without any answer",
    [
      [2_000, 0, 3_000],
      [25_000, 0, 9_000],
    ],
    "silent",
  ],
  ["a keepalive of ours, which nobody answers", [[20_000, 0, 32]], "sound"],
  ["a keepalive of theirs that is missing", [[30_000, 0, 32]], "doubtful"],
  [
    "three keepalives that are missing",
    [
      [30_000, 0, 32],
      [60_000, 0, 64],
    ],
    "silent",
  ],
])("%s", (_, looks, verdict) => {
  expect(verdictAfter(...looks)).toBe(verdict);
});

const looks = fc.array(
  fc.tuple(fc.integer({ min: 1, max: 20_000 }), fc.nat({ max: 5_000 }), fc.nat({ max: 5_000 })),
  { maxLength: 30 },
);

test("a peer of which something was just heard is sound, whatever came before", () => {
  fc.assert(
    fc.property(looks, fc.integer({ min: 1, max: 5_000 }), (before, received) => {
      expect(verdictAfter(...before, [1_000, received, 5_000])).toBe("sound");
    }),
  );
});

test("no peer is silent before it was doubted for as long as WireGuard tries by itself", () => {
  fc.assert(
    fc.property(looks, (sequence) => {
      const { counters, now } = watch(sequence);
      const quiet = now - counters.receivedAt;
      if (quiet < monitoringTimings.silentUnansweredMs)
        expect(verdictOf(counters, now, monitoringTimings)).not.toBe("silent");
    }),
  );
});

test("of a peer that is heard no more, the verdict only ever gets worse, and ends", () => {
  const order = ["sound", "doubtful", "silent"];
  fc.assert(
    fc.property(
      looks,
      fc.array(fc.tuple(fc.integer({ min: 1, max: 9_000 }), fc.nat({ max: 500 }))),
      (before, quiet) => {
        const steps = quiet.map(([elapsed, sent]): Look => [elapsed, 0, sent]);
        const verdicts = steps.map((_, index) =>
          order.indexOf(verdictAfter(...before, ...steps.slice(0, index + 1))),
        );
        expect(verdicts.toSorted((left, right) => left - right)).toEqual(verdicts);
        expect(verdictAfter(...before, ...steps, [monitoringTimings.silentQuietMs, 0, 0])).toBe("silent");
      },
    ),
  );
});

test("a peer that gets keepalives often, and so sends none, is silent only when its session was not renewed", () => {
  const { counters, now } = watch([]);
  const after = (seconds: number, isShort: boolean): string =>
    verdictOf(counters, now + seconds * 1000, monitoringTimings, isShort);
  expect([after(89, false), after(90, false), after(199, true), after(200, true)]).toEqual([
    "doubtful",
    "silent",
    "doubtful",
    "silent",
  ]);
});

test("a path that was verified is not doubted for a while, and a session that is lost is given up all the same", () => {
  const { counters, now } = watch([
    [2_000, 0, 3_000],
    [5_000, 0, 0],
  ]);
  const proved = verified(counters, now);
  const after = (elapsed: number): string => verdictOf(proved, now + elapsed, monitoringTimings);
  expect([
    verdictOf(counters, now, monitoringTimings),
    after(0),
    after(3_999),
    after(4_000),
    after(20_000),
  ]).toEqual(["doubtful", "sound", "sound", "doubtful", "silent"]);
});

test("counters that start again are a new beginning", () => {
  const { counters, now } = watch([[30_000, 0, 9_000]]);
  const again = count(counters, { receivedBytes: 0, sentBytes: 148 }, now + 1_000);
  expect(again).toEqual({ receivedBytes: 0, sentBytes: 148, receivedAt: now + 1_000 });
});
