import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Floor } from "../../../src/discovery-server/floor.ts";
import { Pace } from "../../../src/discovery-server/pace.ts";
import { nobody, Shares } from "../../../src/discovery-server/shares.ts";

const shares = (total: number, perHolder = total, kept: readonly string[] = []) =>
  new Shares<string>({ total, perHolder }, { isKept: (item) => kept.includes(item), first: "newest" });

function filled(limits: Shares<string>, held: Readonly<Record<string, readonly string[]>>): Shares<string> {
  for (const [holder, items] of Object.entries(held)) for (const item of items) limits.set(item, holder, 1);
  return limits;
}

describe("what all share", () => {
  test("is given while there is some", () => {
    const full = filled(shares(3), { eater: ["e1", "e2"] });
    expect(full.room("newcomer", 1)).toEqual([]);
    expect(full.total).toBe(2);
  });

  test("is taken from the one who has most, newest first, when there is no more", () => {
    const full = filled(shares(4), { eater: ["e1", "e2", "e3"], other: ["o1"] });
    expect(full.room("newcomer", 1)).toEqual(["e3"]);
    expect(full.room("newcomer", 2)).toBeUndefined(); // it would have as much as the eater then
  });

  test("is not given to the one who has most, nor to one who would", () => {
    const full = filled(shares(4), { eater: ["e1", "e2", "e3"], other: ["o1"] });
    expect(full.room("eater", 1)).toBeUndefined();
    expect(full.room("other", 1)).toEqual(["e3"]);
    expect(full.room("other", 2)).toBeUndefined();
  });

  test("is limited for each, also when there is more", () => {
    expect(filled(shares(10, 2), { eater: ["e1", "e2"] }).room("eater", 1)).toBeUndefined();
    expect(filled(shares(10, 2), { eater: ["e1", "e2"] }).room("other", 1)).toEqual([]);
  });

  test("leaves alone what is kept, and what is nobody's", () => {
    const full = filled(shares(4, 4, ["e3"]), { eater: ["e1", "e2", "e3"], [nobody]: ["n1"] });
    expect(full.room("newcomer", 1)).toEqual(["e2"]);
    expect(filled(shares(2), { [nobody]: ["n1", "n2"] }).room("newcomer", 1)).toBeUndefined();
  });

  test("is given as a floor whatever the address has besides", () => {
    const full = filled(shares(4, 3), { eater: ["e1", "e2", "e3"], other: ["o1"] });
    expect(full.room("eater", 1, true)).toEqual(["e3"]);
  });

  test("goes to the newcomer from whoever reads longest, where that is the order", () => {
    const slow = new Shares<string>({ total: 2, perHolder: 2 }, { isKept: () => false, first: "oldest" });
    expect(filled(slow, { eater: ["e1", "e2"] }).room("newcomer", 1)).toEqual(["e1"]);
  });

  test("is never more than there is, and whoever wants little gets it, whatever the others do", () => {
    const steps = fc.array(fc.record({ holder: fc.nat(4), amount: fc.integer({ min: 1, max: 5 }) }), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(steps, (all) => {
        const held = new Shares<number>(
          { total: 24, perHolder: 12 },
          { isKept: () => false, first: "newest" },
        );
        all.forEach(({ holder, amount }, index) => {
          const cut = held.room(`holder ${holder}`, amount);
          for (const item of cut ?? []) held.remove(item);
          if (cut) held.set(index, `holder ${holder}`, amount);
          expect(held.total).toBeLessThanOrEqual(24);
        });
        expect(held.room("newcomer", 1)).toBeDefined();
      }),
    );
  });
});

const floor = () => new Floor<string>(2, (clusterId) => clusterId === "old");

describe("the floor of an established cluster", () => {
  test("keeps its first units, and those of no other", () => {
    const kept = floor();
    for (const [item, clusterId] of [
      ["a", "old"],
      ["b", "old"],
      ["c", "old"],
      ["x", "new"],
    ] as const)
      kept.set(item, clusterId, 1);
    expect(["a", "b", "c", "x"].map((item) => kept.keeps(item))).toEqual([true, true, false, false]);
    expect([kept.holds("old", 1), kept.holds("new", 1)]).toEqual([false, false]);
  });

  test("has room again when one of them goes", () => {
    const kept = floor();
    kept.set("a", "old", 2);
    kept.remove("a");
    expect(kept.holds("old", 2)).toBe(true);
    expect(kept.keeps("a")).toBe(false);
  });
});

describe("the pace of an address", () => {
  test("lets a burst through, and then as much as its rate", () => {
    const pace = new Pace({ perSecond: 100, burst: 1000 });
    expect(pace.waitMs("a", 1000, 0)).toBe(0);
    expect(pace.waitMs("a", 50, 0)).toBe(500);
    expect(pace.waitMs("b", 1000, 0)).toBe(0);
    expect(pace.waitMs("a", 50, 500)).toBe(500);
    expect(pace.waitMs("a", 0, 1_000_000)).toBe(0);
  });

  test("remembers who is behind when there are too many to remember", () => {
    const pace = new Pace({ perSecond: 1, burst: 10 });
    pace.waitMs("eater", 1000, 0);
    for (let index = 0; index < 40_000; index++) pace.waitMs(`one of many ${index}`, 1, 0);
    expect(pace.waitMs("eater", 0, 0)).toBeGreaterThan(900_000);
  });
});
