import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Address,
  comparePrefixes,
  intersect,
  type Prefix,
  parseAddress,
  parsePrefix,
  reunite,
  subtract,
  subtractUpTo,
  touchesCover,
  unite,
} from "../../../src/net/index.ts";
import { anyPrefix } from "./arbitraries.ts";

/** 32 neighbouring addresses: small enough to list, so that sets of prefixes can be compared with sets of numbers. */
interface Universe {
  readonly name: string;
  readonly prefix: (first: number, hostBits: number) => Prefix;
}

const size = 32;

function universe(name: string, width: 32 | 128, text: (index: number) => string): Universe {
  const address = (index: number): Address => {
    const parsed = parseAddress(text(index));
    if (parsed === undefined) throw new Error(`not an address: ${text(index)}`);
    return parsed;
  };
  return {
    name,
    prefix(first, hostBits) {
      const parsed = parsePrefix(`${address(first)}/${width - hostBits}`);
      if (parsed === undefined) throw new Error("not a prefix");
      return parsed;
    },
  };
}

const universes = [
  universe("IPv4", 32, (index) => `192.0.2.${64 + index}`),
  universe("the first IPv4 addresses", 32, (index) => `0.0.0.${index}`),
  universe("the last IPv4 addresses", 32, (index) => `255.255.255.${224 + index}`),
  universe("IPv6", 128, (index) => `2001:db8::${index.toString(16)}`),
  universe("the first IPv6 addresses", 128, (index) => `::${index.toString(16)}`),
  universe(
    "the last IPv6 addresses",
    128,
    (index) => `ffff:ffff:ffff:ffff:ffff:ffff:ffff:${(0xffe0 + index).toString(16)}`,
  ),
];

/** First address and host bits of a block in the universe. */
type Block = readonly [first: number, hostBits: number];

const block: fc.Arbitrary<Block> = fc
  .tuple(fc.nat(size - 1), fc.nat(5))
  .map(([index, hostBits]) => [(index >> hostBits) << hostBits, hostBits] as const);
const blocks = fc.array(block, { maxLength: 8 });

const members = (set: readonly Block[]): Set<number> =>
  new Set(
    set.flatMap(([first, hostBits]) => Array.from({ length: 2 ** hostBits }, (_, offset) => first + offset)),
  );

/** The fewest blocks for a set, in order: there is only one way to cut it into the largest aligned blocks. */
function fewest(set: ReadonlySet<number>, first = 0, hostBits = 5): Block[] {
  const indexes = Array.from({ length: 2 ** hostBits }, (_, offset) => first + offset);
  if (indexes.every((index) => set.has(index))) return [[first, hostBits]];
  if (hostBits === 0) return [];
  const half = 2 ** (hostBits - 1);
  return [...fewest(set, first, hostBits - 1), ...fewest(set, first + half, hostBits - 1)];
}

describe.each(universes)("in $name", ({ prefix }) => {
  const prefixesOf = (set: readonly Block[]): Prefix[] =>
    set.map(([first, hostBits]) => prefix(first, hostBits));
  const expected = (set: ReadonlySet<number>): Prefix[] => prefixesOf(fewest(set));

  test("unite gives the fewest prefixes of the union", () => {
    fc.assert(
      fc.property(blocks, (set) => {
        expect(unite(prefixesOf(set))).toEqual(expected(members(set)));
      }),
    );
  });

  test("subtract gives the fewest prefixes of the difference", () => {
    fc.assert(
      fc.property(blocks, blocks, (from, removed) => {
        expect(subtract(prefixesOf(from), prefixesOf(removed))).toEqual(
          expected(members(from).difference(members(removed))),
        );
      }),
    );
  });

  test("reunite gives the fewest prefixes after some went away and others came", () => {
    fc.assert(
      fc.property(blocks, blocks, blocks, (from, removed, added) => {
        expect(reunite(unite(prefixesOf(from)), prefixesOf(removed), prefixesOf(added))).toEqual(
          expected(members(from).difference(members(removed)).union(members(added))),
        );
      }),
    );
  });

  test("intersect gives the fewest prefixes of what is in both", () => {
    fc.assert(
      fc.property(blocks, blocks, (left, right) => {
        expect(intersect(prefixesOf(left), prefixesOf(right))).toEqual(
          expected(members(left).intersection(members(right))),
        );
      }),
    );
  });
});

describe("over all addresses of both families", () => {
  const everything = ["0.0.0.0/0", "::/0"]
    .map((text) => parsePrefix(text))
    .filter((prefix) => prefix !== undefined);
  const anySet = fc.array(anyPrefix, { maxLength: 12 });

  test("touchesCover tells whether there is an address in both", () => {
    fc.assert(
      fc.property(anySet, anyPrefix, (set, other) => {
        expect(touchesCover(unite(set), other)).toBe(intersect(set, [other]).length > 0);
      }),
    );
  });

  test("reunite gives what subtract and unite give", () => {
    fc.assert(
      fc.property(anySet, anySet, anySet, (set, removed, added) => {
        expect(reunite(unite(set), removed, added)).toEqual(unite([...subtract(set, removed), ...added]));
      }),
    );
  });

  test("a set and its complement are disjoint and make up everything", () => {
    fc.assert(
      fc.property(anySet, (set) => {
        const complement = subtract(everything, set);
        expect(intersect(set, complement)).toEqual([]);
        expect(unite([...set, ...complement])).toEqual(everything);
        expect(subtract(everything, complement)).toEqual(unite(set));
      }),
    );
  });

  test("results are sorted, disjoint, and stay as they are when united again", () => {
    fc.assert(
      fc.property(anySet, anySet, (left, right) => {
        for (const result of [unite(left), subtract(left, right), intersect(left, right)]) {
          expect(unite(result)).toEqual(result);
          expect(unite(result.toReversed())).toEqual(result);
          expect(result.toSorted(comparePrefixes)).toEqual(result);
          for (const [index, prefix] of result.entries())
            expect(intersect([prefix], result.slice(index + 1, index + 2))).toEqual([]); // sorted: the next one is enough
        }
      }),
    );
  });

  test("subtracting up to a number of prefixes is subtracting, or nothing if that makes more", () => {
    fc.assert(
      fc.property(anySet, anySet, fc.nat(300), (from, removed, most) => {
        const whole = subtract(from, removed);
        expect(subtractUpTo(from, removed, most)).toEqual(whole.length <= most ? whole : undefined);
      }),
    );
  });

  test("removing nothing, everything, and the set itself", () => {
    fc.assert(
      fc.property(anySet, (set) => {
        expect(subtract(set, [])).toEqual(unite(set));
        expect(subtract(set, everything)).toEqual([]);
        expect(subtract(set, set)).toEqual([]);
      }),
    );
  });
});

/** The /24 networks from 10.64.0.0 on. */
const network = (index: number): Prefix => {
  const prefix = parsePrefix(`10.${64 + (index >> 8)}.${index & 255}.0/24`);
  if (prefix === undefined) throw new Error("not a prefix");
  return prefix;
};

test("ten thousand prefixes: every second of 20,000 networks, and the holes between them", () => {
  const count = 10_000;
  const even = Array.from({ length: count }, (_, index) => network(index * 2));
  const odd = Array.from({ length: count }, (_, index) => network(index * 2 + 1));
  expect(unite(even.toReversed())).toEqual(even);
  const all = unite([...even, ...odd]);
  expect(all).toEqual(["10.64.0.0/10", "10.128.0.0/13", "10.136.0.0/14", "10.140.0.0/15", "10.142.0.0/19"]);
  expect(subtract(all, even)).toEqual(odd);
  expect(intersect(all, odd)).toEqual(odd);
});
