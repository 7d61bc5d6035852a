import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type Prefix, rangeOf, unite } from "../../../src/net/index.ts";
import { parseTable } from "../../../src/nftables/index.ts";
import { lookupsIn } from "../../../src/nftables/lookups.ts";
import { observedContents } from "../../../src/nftables/plan.ts";
import { contentsOf } from "../../../src/nftables/sets.ts";
import { tableText } from "../../../src/nftables/table.ts";
import { anyPrefix } from "../net/arbitraries.ts";
import { frame } from "./frame.ts";

const anyTargets = fc.array(anyPrefix, { maxLength: 12 }).map(unite);
const anyContents = anyTargets.map(contentsOf);
const coversOf = (...targets: string[]): (string | undefined)[] =>
  lookupsIn(contentsOf(targets as Prefix[])).map(({ cover }) => cover);

test("no network is outside the cover of its set: its packets would go out in clear", () => {
  fc.assert(
    fc.property(anyContents, (contents) => {
      const lookups = lookupsIn(contents);
      expect(lookups.map(({ set }) => set.name).toSorted()).toEqual([...contents.keys()].toSorted());
      for (const { set, cover } of lookups) {
        if (cover === undefined) continue;
        const all = rangeOf(cover);
        for (const network of contents.get(set.name) ?? []) {
          const { first, last } = rangeOf(network);
          expect(all.first <= first && last <= all.last).toBe(true);
        }
      }
    }),
  );
});

test("the lookups of a table follow from what its sets hold", () => {
  fc.assert(
    fc.property(anyTargets, (targets) => {
      const table = parseTable(tableText({ ...frame, targets }));
      expect(lookupsIn(observedContents(table))).toEqual(lookupsIn(contentsOf(targets)));
    }),
  );
});

test.each<[string, string[], (string | undefined)[]]>([
  ["one node", ["10.1.2.3/32"], ["10.1.0.0/16"]],
  ["nodes far apart", ["10.1.2.3/32", "10.9.2.3/32"], ["10.0.0.0/8"]],
  ["nodes anywhere", ["10.1.2.3/32", "192.0.2.3/32"], [undefined]],
  ["nodes and their pods", ["10.1.2.3/32", "10.9.2.0/24"], ["10.1.0.0/16", "10.9.0.0/16"]],
  ["a network as long as a cover", ["172.16.0.0/16"], ["172.16.0.0/16"]],
  ["a network shorter than all covers", ["172.0.0.0/7"], [undefined]],
  ["IPv6", ["2001:db8:1::1/128", "2001:db8:1:9::1/128", "fd00::/64"], ["2001:db8:1::/48", "fd00::/48"]],
  [
    "IPv6 far apart",
    ["2001:db8:1::1/128", "2001:db8:2::1/128", "fd00::/64", "fd09::/64"],
    ["2001:db8::/32", undefined],
  ],
  ["IPv4 within IPv6", ["::ffff:1.2.3.4/128"], ["::/48"]],
])("a cover is as long as it can be: %s", (_name, targets, covers) => {
  expect(coversOf(...targets)).toEqual(covers);
});
