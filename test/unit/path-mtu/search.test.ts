import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  beginSearch,
  cameBack,
  type Found,
  fitting,
  leastMtu,
  stepSearch,
} from "../../../src/path-mtu/search.ts";

/** Searches on a path; gives what is found, the datagrams that it took, and how long. */
function searched(
  linkMtu: number,
  passes: (size: number, number: number) => boolean,
  isRepeated = false,
): { readonly found: Found; readonly sent: readonly number[]; readonly ms: number } {
  let search = beginSearch(linkMtu, 0, isRepeated);
  const sent: number[] = [];
  for (let now = 0; now < 1_000_000; now += 20) {
    const stepped = stepSearch(search, now);
    search = stepped.search;
    if (stepped.found) return { found: stepped.found, sent, ms: now };
    for (const size of stepped.send) if (passes(size, sent.push(size))) search = cameBack(search, size);
  }
  return expect.fail("it does not end");
}

/** A path whose outer packets have at most that size; WireGuard fills packets up. */
const carries =
  (outer: number, linkMtu = 1420) =>
  (size: number): boolean =>
    Math.min(linkMtu, 16 * Math.ceil(size / 16)) + 60 <= outer;

describe("a path", () => {
  test("that carries the whole MTU costs one datagram", () => {
    expect(searched(1420, () => true)).toEqual({ found: { kind: "whole" }, sent: [1420], ms: 20 });
  });

  test.each([
    [1492, { kind: "whole" }],
    [1476, { kind: "smaller", mtu: 1408 }],
    [1450, { kind: "smaller", mtu: 1376 }],
    [1400, { kind: "smaller", mtu: 1328 }],
    [1280, { kind: "smaller", mtu: 1216 }],
    [1259, { kind: "none" }],
  ])("of %d bytes: %j", (outer, found) => {
    const result = searched(1420, carries(outer));
    expect(result.found).toEqual(found);
    expect(result.sent.length).toBeLessThanOrEqual(40);
    expect(result.ms).toBeLessThan(10_000);
  });

  test("on which nothing comes back tells nothing", () => {
    const { found, sent } = searched(1420, () => false);
    expect([found, sent]).toEqual([{ kind: "silent" }, [1420, 0, 1420, 0, 1420]]);
    expect(searched(1420, () => false, true)).toMatchObject({ found: { kind: "silent" }, sent: [0, 1420] });
  });

  test("on which single datagrams get lost is whole all the same", () => {
    expect(searched(1420, (_, number) => number !== 1)).toMatchObject({ found: { kind: "whole" } });
    expect(searched(1420, (size, number) => size === 0 || number > 4)).toMatchObject({
      found: { kind: "whole" },
    });
  });

  test("that answers a repeated search only with small ones is searched to the end", () => {
    expect(searched(1420, carries(1400), true).found).toEqual({ kind: "smaller", mtu: 1328 });
  });

  test("of any size is measured to 16 bytes, with few datagrams", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1280, max: 9000 }),
        fc.integer({ min: 1000, max: 9200 }),
        (linkMtu, outer) => {
          const { found, sent } = searched(linkMtu, carries(outer, linkMtu));
          const fits = fitting(outer, 4);
          expect(sent.length).toBeLessThanOrEqual(110);
          if (linkMtu + 60 <= outer) expect(found).toEqual({ kind: "whole" });
          else if (fits < leastMtu) expect(found).toEqual({ kind: "none" });
          else
            expect(found).toEqual({
              kind: "smaller",
              mtu: Math.min(fits, 16 * Math.floor((linkMtu - 1) / 16)),
            });
        },
      ),
    );
  });
});
