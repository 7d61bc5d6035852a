import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { grantClaims } from "../../../src/members/claims.ts";
import type { Claim } from "../../../src/members/prefix-claim.ts";
import { intersect, type Prefix, parsePrefix, unite } from "../../../src/net/index.ts";

const prefix = (text: string): Prefix => parsePrefix(text) ?? expect.fail(`not a prefix: ${text}`);
const claim = (nodeId: string, text: string): Claim => ({
  nodeId,
  label: `node ${nodeId}`,
  prefix: prefix(text),
});

describe("grantClaims", () => {
  it.each([
    {
      case: "prefixes that do not touch are given as asked",
      claims: [claim("a", "10.0.0.0/24"), claim("b", "10.0.1.0/24")],
      granted: { a: ["10.0.0.0/24"], b: ["10.0.1.0/24"] },
    },
    {
      case: "equal prefixes go to the lower node id",
      claims: [claim("b", "10.0.0.1/32"), claim("a", "10.0.0.1/32")],
      granted: { a: ["10.0.0.1/32"], b: [] },
    },
    {
      case: "the longer prefix wins, whoever asks",
      claims: [claim("a", "10.0.0.0/30"), claim("b", "10.0.0.1/32")],
      granted: { a: ["10.0.0.0/32", "10.0.0.2/31"], b: ["10.0.0.1/32"] },
    },
    {
      case: "a hole in a hole comes back to its owner",
      claims: [claim("a", "10.0.0.0/24"), claim("b", "10.0.0.0/25"), claim("a", "10.0.0.0/26")],
      granted: { a: ["10.0.0.0/26", "10.0.0.128/25"], b: ["10.0.0.64/26"] },
    },
    {
      case: "what lies in two nested prefixes of one peer is taken from both",
      claims: [claim("a", "10.0.0.0/24"), claim("a", "10.0.0.0/25"), claim("b", "10.0.0.0/32")],
      granted: {
        a: [
          "10.0.0.1/32",
          "10.0.0.2/31",
          "10.0.0.4/30",
          "10.0.0.8/29",
          "10.0.0.16/28",
          "10.0.0.32/27",
          "10.0.0.64/26",
          "10.0.0.128/25",
        ],
        b: ["10.0.0.0/32"],
      },
    },
    {
      case: "families are worlds apart",
      claims: [claim("a", "0.0.0.0/0"), claim("b", "::/0")],
      granted: { a: ["0.0.0.0/0"], b: ["::/0"] },
    },
  ])("$case", ({ claims, granted }) => {
    const result = Object.fromEntries(
      [...grantClaims(claims).grants].map(([nodeId, { prefixes }]) => [nodeId, prefixes]),
    );
    expect(result).toEqual(granted);
  });

  it("names both peers and the prefix when something is refused", () => {
    const { grants } = grantClaims([
      claim("a", "10.0.0.0/24"),
      claim("b", "10.0.0.7/32"),
      claim("c", "10.0.0.7/32"),
    ]);
    expect(grants.get("a")?.refused).toEqual([
      { value: "10.0.0.7/32", reason: "part of 10.0.0.0/24, but node b asks for it with a longer prefix" },
    ]);
    expect(grants.get("c")?.refused).toEqual([
      { value: "10.0.0.7/32", reason: "node b asks for it too and has the lower node id" },
    ]);
  });

  const claims = fc.array(
    fc
      .record({
        nodeId: fc.constantFrom("a", "b", "c", "d"),
        last: fc.nat(31),
        bits: fc.integer({ min: 27, max: 32 }),
      })
      .map(({ nodeId, last, bits }) => claim(nodeId, `10.0.0.${last}/${bits}`)),
    { maxLength: 12 },
  );

  it("gives every address that anybody asks for to exactly one peer", () => {
    fc.assert(
      fc.property(claims, (asked) => {
        const grants = [...grantClaims(asked).grants.values()].map(({ prefixes }) => prefixes);
        expect(unite(grants.flat())).toEqual(unite(asked.map((one) => one.prefix)));
        grants.forEach((left, index) => {
          for (const right of grants.slice(index + 1)) expect(intersect(left, right)).toEqual([]);
        });
      }),
    );
  });

  it("gives an address to the longest prefix around it, then to the lower node id", () => {
    fc.assert(
      fc.property(claims, fc.nat(31), (asked, last) => {
        const address = prefix(`10.0.0.${last}/32`);
        const around = asked.filter((one) => intersect([one.prefix], [address]).length > 0);
        const owner = around.toSorted(
          (left, right) =>
            Number(right.prefix.split("/")[1]) - Number(left.prefix.split("/")[1]) ||
            (left.nodeId < right.nodeId ? -1 : 1),
        )[0]?.nodeId;
        const holders = [...grantClaims(asked).grants].filter(
          ([, { prefixes }]) => intersect(prefixes, [address]).length > 0,
        );
        expect(holders.map(([nodeId]) => nodeId)).toEqual(owner === undefined ? [] : [owner]);
      }),
    );
  });

  it("does not depend on the order of the claims", () => {
    fc.assert(
      fc.property(claims, fc.infiniteStream(fc.nat()), (asked, random) => {
        const keyed = asked.map((one) => ({ one, key: random.next().value }));
        const shuffled = keyed
          .toSorted((left, right) => Number(left.key) - Number(right.key))
          .map(({ one }) => one);
        for (const [nodeId, grant] of grantClaims(asked).grants)
          expect(grantClaims(shuffled).grants.get(nodeId)?.prefixes).toEqual(grant.prefixes);
      }),
    );
  });
});
