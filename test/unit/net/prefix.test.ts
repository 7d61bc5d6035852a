import { BlockList } from "node:net";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Address,
  addressToBytes,
  bitsOf,
  comparePrefixes,
  familyOf,
  hostPrefix,
  networkOf,
  type Prefix,
  PrefixIndex,
  parseAddress,
  parsePrefix,
  prefixContains,
  prefixFamily,
  prefixOf,
} from "../../../src/net/index.ts";
import { anyAddress, anyPrefix } from "./arbitraries.ts";

const binary = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(2).padStart(8, "0")).join("");

const familyName = (family: 4 | 6): "ipv4" | "ipv6" => (family === 4 ? "ipv4" : "ipv6");

describe("parsePrefix", () => {
  test.each([
    ["10.1.2.3/8", "10.0.0.0/8"],
    ["0.0.0.0/0", "0.0.0.0/0"],
    ["255.255.255.255/32", "255.255.255.255/32"],
    ["192.168.7.77/30", "192.168.7.76/30"],
    ["2001:db8::1/32", "2001:db8::/32"],
    ["::/0", "::/0"],
    ["ffff::1/1", "8000::/1"],
    ["::ffff:10.1.2.3/104", "10.0.0.0/8"],
    ["::ffff:10.1.2.3/128", "10.1.2.3/32"],
  ])("%s is %s", (text, canonical) => {
    expect(parsePrefix(text)).toBe(canonical);
  });

  test.each([
    "",
    "/",
    "10.0.0.0",
    "10.0.0.0/",
    "10.0.0.0/33",
    "10.0.0.0/08",
    "10.0.0.0/-1",
    "10.0.0.0/8 ",
    "10.0.0.0/8/8",
    "10.0.0/8",
    "300.1.1.1/8",
    "::/129",
    "::ffff:10.1.2.3/95",
    "fe80::%eth0/64",
    "10.0.0.0/255.0.0.0",
  ])("%s is refused", (text) => {
    expect(parsePrefix(text)).toBeUndefined();
  });

  test("never throws; what it accepts, it accepts again unchanged", () => {
    const near = fc
      .tuple(anyPrefix, fc.nat(40), fc.string({ maxLength: 2 }))
      .map(([text, at, inserted]) => text.slice(0, at) + inserted + text.slice(at + 1));
    fc.assert(
      fc.property(fc.oneof(fc.string(), near), (text) => {
        const prefix = parsePrefix(text);
        if (prefix !== undefined) expect(parsePrefix(prefix)).toBe(prefix);
      }),
      { numRuns: 2000 },
    );
  });
});

test("the bits after the prefix are zero, those before it are the address's", () => {
  fc.assert(
    fc.property(anyAddress, fc.nat(128), (address, bits) => {
      const prefix = prefixOf(address, bits);
      const width = familyOf(address) === 4 ? 32 : 128;
      if (bits > width) {
        expect(prefix).toBeUndefined();
        return;
      }
      if (prefix === undefined) throw new Error("expected a prefix");
      const expected = binary(addressToBytes(address)).slice(0, bits).padEnd(width, "0");
      expect(binary(addressToBytes(networkOf(prefix)))).toBe(expected);
      expect(bitsOf(prefix)).toBe(bits);
      expect(parsePrefix(prefix)).toBe(prefix);
    }),
  );
});

test("prefixContains agrees with node:net", () => {
  fc.assert(
    fc.property(anyPrefix, anyAddress, fc.nat(128), (prefix, address, bits) => {
      const near = prefixOf(networkOf(prefix), Math.min(bits, bitsOf(prefix))); // contains the network itself
      for (const candidate of near === undefined ? [prefix] : [prefix, near]) {
        const list = new BlockList();
        list.addSubnet(networkOf(candidate), bitsOf(candidate), familyName(prefixFamily(candidate)));
        for (const probe of [address, networkOf(prefix)])
          expect(prefixContains(candidate, probe)).toBe(
            familyOf(probe) === prefixFamily(candidate) && list.check(probe, familyName(familyOf(probe))),
          );
      }
    }),
  );
});

test("hostPrefix holds its address and no other", () => {
  fc.assert(
    fc.property(anyAddress, anyAddress, (address, other) => {
      expect(prefixContains(hostPrefix(address), address)).toBe(true);
      expect(prefixContains(hostPrefix(address), other)).toBe(other === address);
    }),
  );
});

test("comparePrefixes is a total order that sorting does not change twice", () => {
  fc.assert(
    fc.property(fc.array(anyPrefix), (prefixes) => {
      const sorted = prefixes.toSorted(comparePrefixes);
      expect(sorted.toReversed().toSorted(comparePrefixes)).toEqual(sorted);
    }),
  );
});

const within = (byte: number): Address =>
  parseAddress(`10.0.${byte % 4}.${byte}`) ?? expect.fail("expected an address");
const clustered = fc
  .tuple(fc.nat(255), fc.integer({ min: 20, max: 32 }))
  .map(([byte, bits]) => prefixOf(within(byte), bits) ?? expect.fail("expected a prefix"));
const indexOf = (prefixes: readonly (readonly [Prefix, number])[]): PrefixIndex<number> => {
  const index = new PrefixIndex<number>();
  for (const [prefix, value] of prefixes) index.add(prefix, value);
  return index;
};

describe("PrefixIndex", () => {
  test("finds the longest prefix, as a search through all does", () => {
    fc.assert(
      fc.property(fc.array(clustered), fc.nat(255), (prefixes, byte) => {
        const address = within(byte);
        const index = indexOf(prefixes.map((prefix, order) => [prefix, order]));
        const longest = prefixes
          .filter((prefix) => prefixContains(prefix, address))
          .toSorted((left, right) => bitsOf(right) - bitsOf(left))[0];
        const expected = longest && { prefix: longest, value: prefixes.indexOf(longest) };
        expect(index.find(address)).toEqual(expected);
        expect(index.findFirstOf(hostPrefix(address))).toEqual(expected);
      }),
    );
  });

  test("without some and with others is as one made of them, and the one before stays as it was", () => {
    const some = fc.uniqueArray(clustered);
    fc.assert(
      fc.property(some, some, some, fc.nat(255), (first, removed, added, byte) => {
        const before = first.map((prefix) => [prefix, 1] as const);
        const after = added.map((prefix) => [prefix, 2] as const);
        const index = indexOf(before);
        const changed = index.with(removed, after);
        const anew = indexOf([...before.filter(([prefix]) => !removed.includes(prefix)), ...after]);
        expect(changed.find(within(byte))).toEqual(anew.find(within(byte)));
        expect(index.find(within(byte))).toEqual(indexOf(before).find(within(byte)));
      }),
    );
  });
});
