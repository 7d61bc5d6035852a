import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { coverAgain, type KeptCover, nothingCovered, type Prefix, unite } from "../../../src/net/index.ts";
import { prefix } from "../discovery/samples.ts";
import { anyPrefix } from "./arbitraries.ts";

/** Networks of which many have addresses in common, or lie side by side. */
const near = fc
  .tuple(fc.nat(63), fc.constantFrom(26, 28, 30, 31, 32))
  .map(([host, bits]) => prefix(`192.0.2.${(host >> (32 - bits)) << (32 - bits)}/${bits}`));
const list = fc.array(fc.oneof({ weight: 4, arbitrary: near }, { weight: 1, arbitrary: anyPrefix }), {
  maxLength: 4,
});

describe("a kept cover", () => {
  test("is that of all lists, whichever of them came and went", () => {
    fc.assert(
      fc.property(
        fc.array(list, { minLength: 1, maxLength: 30 }),
        fc.array(fc.array(fc.nat(29), { maxLength: 30 }), { maxLength: 8 }),
        (lists, turns) => {
          let kept: KeptCover = nothingCovered;
          for (const turn of turns) {
            const there =
              turn.flatMap((at) => lists[at] ?? []).length === 0 ? [] : turn.map((at) => lists[at] ?? []);
            kept = coverAgain(kept, there);
            expect(kept.cover).toEqual(unite(there.flat()));
          }
        },
      ),
    );
  });

  test("is the same object while the lists are", () => {
    const lists = [[prefix("10.0.0.0/24")], [], [prefix("10.0.1.0/24")]];
    const kept = coverAgain(nothingCovered, lists);
    expect(coverAgain(kept, lists.toReversed())).toBe(kept);
    expect(kept.cover).toEqual(["10.0.0.0/23"]);
  });

  test("keeps what another list has of a network that goes", () => {
    const [wide, narrow]: Prefix[][] = [[prefix("10.0.0.0/16")], [prefix("10.0.1.0/24")]];
    const both = coverAgain(nothingCovered, [wide ?? [], narrow ?? []]);
    expect(coverAgain(both, [narrow ?? []]).cover).toEqual(["10.0.1.0/24"]);
    const later = coverAgain(coverAgain(nothingCovered, [narrow ?? []]), [narrow ?? [], wide ?? []]);
    expect(coverAgain(later, [narrow ?? []]).cover).toEqual(["10.0.1.0/24"]);
  });
});
