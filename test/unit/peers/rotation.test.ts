import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Endpoint, parseEndpoint } from "../../../src/net/index.ts";
import {
  type Attempt,
  attemptDueIn,
  dwellOf,
  nextAttempt,
  nextEndpoint,
} from "../../../src/peers/rotation.ts";

const endpoint = (text: string): Endpoint => parseEndpoint(text) ?? expect.fail(`not an endpoint: ${text}`);
const [a, b, c] = ["192.0.2.1:51820", "192.0.2.2:51820", "[2001:db8::3]:51820"].map(endpoint) as [
  Endpoint,
  Endpoint,
  Endpoint,
];
const timings = { firstDwellMs: 1000, growth: 2, longestDwellMs: 8000, answeringMs: 500 };

describe("nextEndpoint", () => {
  it.each([
    { case: "nothing to choose from", candidates: [], last: undefined, next: undefined },
    { case: "never set: the first", candidates: [a, b], last: undefined, next: a },
    { case: "the one after the last used", candidates: [a, b, c], last: a, next: b },
    { case: "round the end", candidates: [a, b, c], last: c, next: a },
    { case: "the last used is no longer listed: the first", candidates: [b, c], last: a, next: b },
    { case: "an only endpoint stays", candidates: [a], last: a, next: a },
  ])("$case", ({ candidates, last, next }) => {
    expect(nextEndpoint(candidates, last)).toBe(next);
  });
});

describe("nextAttempt", () => {
  const last: Attempt = { endpoint: a, since: 5000, round: 0, known: [a, b] };

  it("gives an attempt its time", () => {
    expect(nextAttempt({ candidates: [a, b], last }, 5999, timings)).toBeUndefined();
    expect(nextAttempt({ candidates: [a, b], last }, 6000, timings)?.endpoint).toBe(b);
  });

  it("cuts no handshake under way, but does not wait for ever for its end", () => {
    const input = { candidates: [a, b, c], last, isHeard: true } as const;
    expect(nextAttempt(input, 6499, timings)).toBeUndefined();
    expect(nextAttempt(input, 6500, timings)?.endpoint).toBe(c);
  });

  it("tries an endpoint that was not known before at once", () => {
    const attempt = nextAttempt({ candidates: [a, b, c], last }, 5001, timings);
    expect(attempt).toEqual({ endpoint: c, since: 5001, round: 0, known: [a, b, c], newsAt: [5001] });
  });

  it("does so three times in half a minute: whoever tells of ever new ones is tried like everybody else", () => {
    const candidates = Array.from({ length: 4 }, (_, index) => endpoint(`198.51.100.9:${index + 1}`));
    const tried = { ...last, newsAt: [3_000, 4_000, 5_000] };
    const input = { candidates: [a, b, ...candidates], last: tried };
    expect(nextAttempt(input, 5_001, timings)).toBeUndefined();
    expect(nextAttempt(input, 6_000, timings)?.endpoint).toBe(b);
    const late = { ...input, last: { ...tried, since: 32_999 } };
    expect(nextAttempt(late, 32_999, timings)).toBeUndefined();
    expect(nextAttempt(late, 33_000, timings)).toMatchObject({
      endpoint: candidates[0],
      newsAt: [4_000, 5_000, 33_000],
    });
  });

  it("takes longer from round to round, up to a limit", () => {
    expect([0, 1, 2, 3, 4].map((round) => dwellOf(round, timings))).toEqual([1000, 2000, 4000, 8000, 8000]);
    const second = nextAttempt({ candidates: [a, b], last: { ...last, endpoint: b } }, 6000, timings);
    expect(second).toMatchObject({ endpoint: a, round: 1 });
    expect(attemptDueIn(second, 6000, timings)).toBe(2000);
  });

  it("dials an only endpoint afresh", () => {
    const only = { ...last, known: [a] };
    expect(nextAttempt({ candidates: [a], last: only }, 6000, timings)).toMatchObject({
      endpoint: a,
      round: 1,
    });
  });

  it("tries every candidate within one round, whichever is first", () => {
    const lists = fc.uniqueArray(fc.integer({ min: 1, max: 250 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(lists, fc.nat(19), (numbers, start) => {
        const candidates = numbers.map((number) => endpoint(`192.0.2.${number}:51820`));
        const first = candidates[start % candidates.length] ?? expect.fail();
        let attempt: Attempt = { endpoint: first, since: 0, round: 0, known: candidates };
        const tried = new Set([attempt.endpoint]);
        for (let step = 1; step < candidates.length; step++) {
          const now = attempt.since + dwellOf(attempt.round, timings);
          attempt = nextAttempt({ candidates, last: attempt }, now, timings) ?? expect.fail("left alone");
          tried.add(attempt.endpoint);
        }
        expect(tried.size).toBe(candidates.length);
      }),
    );
  });
});
