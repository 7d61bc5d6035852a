import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CandidateClass, isBetter, promising, type Way } from "../../../src/peers/index.ts";
import { candidate, endpoint } from "../mesh/values.ts";

const way = (worth: CandidateClass, roundTrip: number): Way => ({ class: worth, roundTrip });

describe("isBetter", () => {
  it.each<[string, Way, Way, boolean]>([
    ["a network of this node, as fast", way(1, 20), way(2, 20), true],
    ["a network of this node, a bit slower", way(1, 40), way(2, 20), true],
    ["a network of this node, far slower", way(1, 90), way(2, 40), false],
    ["any other, as fast", way(2, 20), way(1, 20), false],
    ["any other, faster", way(2, 30), way(1, 80), false],
    ["any other, far faster", way(2, 15), way(1, 80), true],
    ["of the same kind, far faster", way(2, 20), way(2, 80), true],
    ["of the same kind, faster", way(2, 50), way(2, 80), false],
    ["twice as fast, and who would notice", way(2, 1), way(2, 9), false],
    ["what the operator prefers, slower", way(0, 300), way(1, 1), true],
    ["far faster than what the operator prefers", way(1, 1), way(0, 300), false],
    ["far faster, and preferred as well", way(0, 1), way(0, 300), true],
  ])("%s", (_, there, here, expected) => {
    expect(isBetter(there, here)).toBe(expected);
  });

  const ways = fc.record({ class: fc.constantFrom(0, 1, 2), roundTrip: fc.integer({ min: 0, max: 500 }) });

  it("never holds both ways", () => {
    fc.assert(
      fc.property(
        ways,
        ways,
        (left, right) => !(isBetter(left as Way, right as Way) && isBetter(right as Way, left as Way)),
      ),
    );
  });

  it("never leads back to where it began, whatever is chosen among the better ones", () => {
    const walks = fc.tuple(fc.array(ways, { minLength: 2, maxLength: 8 }), fc.infiniteStream(fc.nat()));
    fc.assert(
      fc.property(walks, ([all, choices]) => {
        let at = all[0] as Way;
        for (let steps = 0; steps < all.length; steps++) {
          const better = all.filter((each) => isBetter(each as Way, at));
          if (better.length === 0) return;
          at = better[choices.next().value % better.length] as Way;
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
