import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isBetter, type Measured, promising } from "../../../src/peers/better-path.ts";
import type { CandidateClass } from "../../../src/peers/index.ts";
import { candidate, endpoint } from "../mesh/values.ts";

const path = (worth: CandidateClass, roundTripMs: number): Measured => ({ class: worth, roundTripMs });

describe("isBetter", () => {
  it.each<[string, Measured, Measured, boolean]>([
    ["a network of this node, as fast", path(1, 20), path(2, 20), true],
    ["a network of this node, a bit slower", path(1, 40), path(2, 20), true],
    ["a network of this node, far slower", path(1, 90), path(2, 40), false],
    ["any other, as fast", path(2, 20), path(1, 20), false],
    ["any other, faster", path(2, 30), path(1, 80), false],
    ["any other, far faster", path(2, 15), path(1, 80), true],
    ["of the same kind, far faster", path(2, 20), path(2, 80), true],
    ["of the same kind, faster", path(2, 50), path(2, 80), false],
    ["twice as fast, and who would notice", path(2, 1), path(2, 9), false],
    ["what the operator prefers, slower", path(0, 300), path(1, 1), true],
    ["far faster than what the operator prefers", path(1, 1), path(0, 300), false],
    ["far faster, and preferred as well", path(0, 1), path(0, 300), true],
    ["direct, and far slower than what stands in", path(2, 900), path(3, 1), true],
    ["what stands in, and far faster than a direct one", path(3, 1), path(2, 900), false],
    ["what stands in, for what stands in", path(3, 1), path(3, 900), false],
  ])("%s", (_, there, here, expected) => {
    expect(isBetter(there, here)).toBe(expected);
  });

  const ways = fc.record({
    class: fc.constantFrom(0, 1, 2, 3),
    roundTripMs: fc.integer({ min: 0, max: 500 }),
  });

  it("never holds both ways", () => {
    fc.assert(
      fc.property(
        ways,
        ways,
        (left, right) =>
          !(isBetter(left as Measured, right as Measured) && isBetter(right as Measured, left as Measured)),
      ),
    );
  });

  it("never leads back to where it began, whatever is chosen among the better ones", () => {
    const walks = fc.tuple(fc.array(ways, { minLength: 2, maxLength: 8 }), fc.infiniteStream(fc.nat()));
    fc.assert(
      fc.property(walks, ([all, choices]) => {
        let at = all[0] as Measured;
        for (let steps = 0; steps < all.length; steps++) {
          const better = all.filter((each) => isBetter(each as Measured, at));
          if (better.length === 0) return;
          at = better[choices.next().value % better.length] as Measured;
        }
        expect.fail("it goes round in circles");
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("promising", () => {
  const [preferred, near, far, other] = ["192.0.2.1:1", "10.0.0.1:1", "203.0.113.1:1", "203.0.113.2:1"].map(
    endpoint,
  ) as [never, never, never, never];
  const choices = {
    candidates: [
      candidate(preferred, { class: 0 }),
      candidate(near, { class: 1 }),
      candidate(far, { class: 2 }),
      candidate(other, { class: 2 }),
    ],
  };
  const none = new Map();

  it.each([
    ["the best kind of those that are better", choices, far, none, [preferred]],
    [
      "a network of this node",
      { candidates: [candidate(far, { class: 2 }), candidate(near, { class: 1 })] },
      far,
      none,
      [near],
    ],
    [
      "where the endpoint is not announced",
      { candidates: [candidate(near, { class: 1 })] },
      other,
      none,
      [near],
    ],
    ["nothing better than what is preferred", choices, preferred, none, []],
    [
      "nothing of which nothing is known",
      { candidates: [candidate(far, { class: 2 }), candidate(other, { class: 2 })] },
      far,
      none,
      [],
    ],
    [
      "what was far faster once",
      { candidates: [candidate(far, { class: 2 }), candidate(other, { class: 2 })] },
      far,
      new Map([
        [far, 100],
        [other, 5],
      ]),
      [other],
    ],
  ])("%s", (_, of, current, roundTrips, expected) => {
    expect(promising(of, current, roundTrips)).toEqual(expected);
  });
});
