import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextRound, type Pair, type Race, roundDueIn } from "../../../src/peers/race.ts";
import { raceTimings } from "../../../src/peers/timings.ts";
import { endpoint } from "../mesh/values.ts";

const start = 1_700_000_000_000;
const [known, fresh] = [endpoint("198.51.100.1:1"), endpoint("198.51.100.2:2")];
const pair: Pair = { own: "qj3T0Zl1", peer: "9bUVw2Xk" };
const race = (rounds: number, lastAt = start): Race => ({
  firstAt: start,
  lastAt,
  rounds,
  known: [known],
});
/** When the next round is sent, by the sender's clock, if it is looked for `lateBy` after it is due. */
const sentAfter = (before: Race, keys: Pair, lateBy = 0): number =>
  before.lastAt + roundDueIn(before, [known], keys, before.lastAt, raceTimings) + lateBy;

describe("the rounds of a race", () => {
  it("come after twice the time each, at first", () => {
    const gaps = [1, 2, 3, 4].map((rounds) => sentAfter(race(rounds), pair) - start);
    expect(gaps).toEqual([250, 500, 1000, 2000]);
  });

  it("come before a router forgets the way of the last one, for minutes", () => {
    for (let rounds = 5; rounds <= raceTimings.roundsInHaste; rounds++)
      fc.assert(
        fc.property(fc.nat(1_000_000), (offset) => {
          const gap = sentAfter(race(rounds, start + offset), pair) - start - offset;
          expect(gap).toBeLessThan(29_000);
          expect(gap).toBeGreaterThanOrEqual(Math.min(250 * 2 ** (rounds - 1), 25_000));
        }),
        { numRuns: 50 },
      );
  });

  it("begin anew with another candidate", () => {
    expect(roundDueIn(race(50), [known, fresh], pair, start, raceTimings)).toBe(0);
    expect(nextRound(race(50), [known, fresh], start).rounds).toBe(1);
    expect(nextRound(race(50), [known], start).rounds).toBe(51);
  });
});

describe("two peers that do not reach each other for long", () => {
  const key = fc.base64String({ minLength: 44, maxLength: 44 });
  const long = raceTimings.roundsInHaste + 1;

  it("knock at the same time, whatever each of them did before", () => {
    const nat = fc.nat(10_000_000);
    fc.assert(
      fc.property(key, key, nat, nat, (own, peer, mine, theirs) => {
        const ours = sentAfter(race(long, start + mine), { own, peer });
        const other = sentAfter(race(long, start + theirs), { own: peer, peer: own });
        expect(Math.abs(ours - other) % raceTimings.meetingIntervalMs).toBe(0);
      }),
    );
  });

  it("do so once in the interval, even if a round was sent late", () => {
    fc.assert(
      fc.property(key, key, fc.nat(3_000), (own, peer, lateBy) => {
        const first = race(long, sentAfter(race(long), { own, peer }));
        const late = race(long, first.lastAt + lateBy);
        expect(sentAfter(first, { own, peer }) - first.lastAt).toBe(raceTimings.meetingIntervalMs);
        expect(sentAfter(late, { own, peer }) - first.lastAt).toBe(raceTimings.meetingIntervalMs);
      }),
    );
  });

  it("are spread over the interval", () => {
    const due = Array.from({ length: 1000 }, (_, index) => {
      const peer = createHash("sha256").update(`peer ${index}`).digest("base64");
      return sentAfter(race(long), { own: pair.own, peer });
    });
    const counts = Map.groupBy(due, (at) => at);
    expect(counts.size).toBe(15);
    for (const [, sent] of counts) expect(sent.length).toBeLessThan(200);
  });
});
