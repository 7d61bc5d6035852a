import { describe, expect, test } from "vitest";
import { generateConfig, parseConfig } from "../../../src/config/index.ts";
import { decodeAffiliate } from "../../../src/discovery/decode.ts";
import { encodeAffiliate } from "../../../src/discovery/encode.ts";
import { affiliateBytes, mostAffiliateBytes } from "../../../src/discovery/publication.ts";
import { longestStatement } from "../../../src/eviction/eviction.ts";
import { fittingOf } from "../../../src/self/fit.ts";
import { numbered } from "../../../src/self/numbered.ts";
import { affiliate, prefix } from "../mesh/values.ts";

const statements = (count: number, bytes = 150): string[] =>
  Array.from({ length: count }, (_, at) => Buffer.alloc(bytes, at + 1).toString("base64"));
const membership = { number: 7, startedAt: 1, machine: "", otherNetworks: [] };
const sealed = { ...affiliate(2), nodeId: "n".repeat(43) };

const carriedIn = (evictions: readonly string[]): readonly string[] | undefined => {
  const decoded = decodeAffiliate(
    encodeAffiliate({ ...sealed, membership: { ...membership, evictions } }),
    [],
  );
  return "affiliate" in decoded ? decoded.affiliate.membership?.evictions : expect.fail(decoded.refused);
};

describe("the statements in an announcement", () => {
  test("are read as they were written, and no more of them than anybody needs", () => {
    expect(carriedIn(statements(3))).toEqual(statements(3));
    expect(carriedIn([])).toBeUndefined();
    expect(carriedIn(statements(20))).toEqual(statements(8));
    expect(carriedIn([...statements(1, 160), ...statements(1)])).toEqual(statements(1));
  });

  test("may be as long as the longest that an operator makes", () => {
    const longest = Buffer.alloc(159, 1).toString("base64");
    expect(longest).toHaveLength(longestStatement);
    expect(carriedIn([longest])).toEqual([longest]);
  });

  test("take no room from what the node says of itself: the last ones are left out", () => {
    expect(fittingOf("evictions", sealed, membership, statements(8))).toHaveLength(8);
    const additionalAddresses = Array.from({ length: 120 }, (_, at) => prefix(`10.0.${at}.0/24`));
    const full = { ...affiliate(2, { additionalAddresses }), nodeId: sealed.nodeId };
    const fitting = fittingOf("evictions", full, membership, statements(8));
    expect(fitting.length).toBeLessThan(8);
    expect(fitting).toEqual(statements(8).slice(0, fitting.length));
    expect(
      affiliateBytes({ ...full, membership: { ...membership, evictions: fitting } }),
    ).toBeLessThanOrEqual(mostAffiliateBytes);
  });

  test("make it another announcement, with a higher number", () => {
    const origin = { startedAt: 1, machine: "", otherNetworks: [] };
    const first = numbered(sealed, origin, undefined, 0, 1_000);
    const carrying = { ...origin, evictions: statements(1) };
    const second = numbered(sealed, carrying, first, first.number, 1_000);
    expect(second.number).toBeGreaterThan(first.number);
    expect(numbered(sealed, carrying, second, second.number, 2_000).number).toBe(second.number);
  });
});

const random = (count: number): Uint8Array => Buffer.alloc(count, 9);

test("a new configuration names the operators of the token, and the one without is not changed by that", () => {
  const operatorKeys = [Buffer.alloc(32, 3).toString("base64")];
  const cluster = {
    id: Buffer.alloc(32, 1).toString("base64"),
    secret: Buffer.alloc(32, 2).toString("base64"),
  };
  const services = [{ name: "primary", url: "https://discovery.example.org/" }];
  const text = generateConfig({ random, cluster, services, operatorKeys });
  expect(parseConfig(text, "FILE").operatorKeys).toEqual(operatorKeys);
  expect(parseConfig(generateConfig({ random, cluster, services }), "FILE").operatorKeys).toBeUndefined();
  expect(() => parseConfig(text.replace(operatorKeys[0] ?? "", "no key"), "FILE")).toThrow(/operatorKeys/);
});
