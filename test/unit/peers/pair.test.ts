import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { far, near, other } from "./connected.ts";
import { type EndOptions, Pair, type PairOptions } from "./pair.ts";

const dense = { every: 20, isSearching: true };
const oneSearches = [dense, { every: 20, isSearching: false }] as const;
const world: PairOptions = {
  ends: [dense, dense],
  slow: 150,
  fast: 1,
  jitter: 0.1,
  seed: 1,
  mayHold: true,
};

/** An end that sends nothing by itself is among them. */
const interval = fc.option(fc.integer({ min: 3, max: 3_000 }), { nil: undefined });
const endsOf = (isSearching: readonly [boolean, boolean]): fc.Arbitrary<readonly [EndOptions, EndOptions]> =>
  fc
    .tuple(interval, interval)
    .map(([one, two]) => [optionsOf(one, isSearching[0]), optionsOf(two, isSearching[1])]);
const optionsOf = (every: number | undefined, isSearching: boolean): EndOptions => ({
  isSearching,
  ...(every !== undefined && { every }),
});
const someEnds = fc
  .constantFrom<readonly [boolean, boolean]>([true, false], [false, true], [true, true])
  .chain(endsOf);
const chances = { ends: someEnds, jitter: fc.constantFrom(0, 0.1, 0.5), seed: fc.nat() };

const changesOf = (pair: Pair): number[] => pair.ends.map(({ path }) => path?.changes ?? 0);

describe("two peers that were led round, whoever of them sends how much", () => {
  it("go over to a far shorter way, and stay there for an hour", () => {
    const ways = { slow: fc.integer({ min: 30, max: 800 }), fast: fc.integer({ min: 0, max: 10 }) };
    fc.assert(
      fc.property(fc.record({ ...chances, ...ways }), (options) => {
        const pair = new Pair({ ...world, ...options }).run(45);
        const changes = changesOf(pair);
        // Who is only led may be seen there before the last packet of the other way takes it back once more.
        for (const [index, count] of changes.entries())
          expect(count).toBeLessThanOrEqual(options.ends[index]?.isSearching ? 2 : 3);
        for (const end of pair.ends) {
          expect(end.endpoint).toBe(other);
          expect(end.pins).toEqual([]);
          end.every = 20_000;
        }
        pair.run(3_600);
        expect(pair.ends.map(({ endpoint }) => endpoint)).toEqual([other, other]);
        expect(changesOf(pair)).toEqual(changes);
      }),
      { numRuns: 30 },
    );
  });

  it("go over once, however often they are polled for the data that goes both ways meanwhile", () => {
    const ways = { slow: fc.integer({ min: 100, max: 800 }), fast: fc.integer({ min: 0, max: 10 }) };
    // Data that comes more seldom leaves who is led at the way of a packet that was late for long enough to be a change.
    const some = fc.tuple(fc.integer({ min: 50, max: 900 }), fc.integer({ min: 50, max: 900 }));
    const sending = { jitter: chances.jitter, seed: chances.seed, every: some };
    fc.assert(
      fc.property(
        fc.record({ ...ways, ...sending, hasSearched: fc.boolean() }),
        ({ every: [one, two], hasSearched, ...options }) => {
          const ends = [
            { every: one, isSearching: true },
            { every: two, isSearching: true, hasSearched },
          ] as const;
          const pair = new Pair({ ...world, ...options, ends }).run(30);
          expect(pair.ends.map(({ endpoint }) => endpoint)).toEqual([other, other]);
          expect(changesOf(pair)).toEqual([1, 1]);
          const reasons = pair.ends.map(({ path }) => path?.lastChange?.reason);
          expect(reasons).not.toContain("silent at the one before");
        },
      ),
      { numRuns: 50 },
    );
  });

  it("stay where they are when the other way takes about as long", () => {
    const ways = { slow: fc.integer({ min: 1, max: 200 }), share: fc.integer({ min: 80, max: 120 }) };
    fc.assert(
      fc.property(fc.record({ ...chances, ...ways }), ({ share, ...options }) => {
        const fast = Math.round((options.slow * share) / 100);
        const pair = new Pair({ ...world, ...options, fast }).run(300);
        expect(pair.ends.map(({ endpoint }) => endpoint)).toEqual([far, far]);
        // Who is only asked elsewhere may be seen there before it is back.
        for (const [index, changes] of changesOf(pair).entries())
          expect(changes).toBeLessThanOrEqual(options.ends[index]?.isSearching ? 0 : 2);
      }),
      { numRuns: 30 },
    );
  });

  it("are led round again when the way that was taken is lost at once", () => {
    const pair = new Pair(world).until(({ ends }) => ends.some(({ pins }) => pins.length > 0));
    pair.lost = [other];
    pair.run(15);
    expect(pair.ends.map(({ endpoint, pins }) => [endpoint, pins])).toEqual([
      [far, []],
      [far, []],
    ]);
    expect(pair.run(50).ends.map(({ endpoint }) => endpoint)).toEqual([far, far]);
  });

  it("are not kept from going elsewhere meanwhile", () => {
    const pair = new Pair({ ...world, ends: oneSearches }).until(({ ends: [one] }) => one.pins.length > 0);
    const [one, two] = pair.ends;
    pair.lost = [far, other];
    two.endpoint = near; // its address is another one now
    pair.until(() => one.endpoint === near && one.pins.length === 0);
    expect(pair.run(5).ends.map(({ endpoint }) => endpoint)).toEqual([near, near]);
  });

  it("turn each other back where nothing is held", () => {
    const pairs = [...Array(20).keys()].map((seed) =>
      new Pair({ ...world, ends: oneSearches, seed, mayHold: false }).run(45),
    );
    expect(pairs.some((pair) => pair.ends.some(({ endpoint }) => endpoint === far))).toBe(true);
  });
});
