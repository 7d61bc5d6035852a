import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { noDialRules } from "../../../src/config/index.ts";
import { endpointOf, parseAddress } from "../../../src/net/index.ts";
import { kinds } from "../../../src/peers/candidates/kinds.ts";
import { type CandidateContext, routedPrefixes, sortCandidates } from "../../../src/peers/index.ts";
import { address, endpoint, prefix } from "../mesh/values.ts";

const network = (text: string, nodeId: string) => ({ prefix: prefix(text), label: nodeId, nodeId });
const context: CandidateContext = {
  nodeId: "peer",
  ownAddresses: new Set(),
  ownNetworks: ["192.168.1.0/24", "192.168.1.9/32", "10.7.0.11/32", "fd07:7:7:1::1/128"].map(prefix),
  routed: routedPrefixes([network("203.0.113.0/24", "other"), network("10.5.0.0/16", "other")], []),
  shared: new Set([address("192.168.1.9"), address("203.0.113.9"), address("198.51.100.8")]),
  dial: { ...noDialRules, prefer: [prefix("198.51.100.8/32"), prefix("198.51.100.7/32")] },
};
const kindOf = (text: string, lastWorking?: string) => {
  const known = { ...context, lastWorking: lastWorking === undefined ? undefined : endpoint(lastWorking) };
  const { candidates } = sortCandidates([endpoint(text)], known);
  return candidates.map(({ kind, class: worth }) => [kind, worth]);
};

describe("an endpoint is of one kind, and worth what it is", () => {
  it.each([
    ["198.51.100.7:1", "preferred", 0],
    ["192.168.1.7:1", "shared-network", 1],
    ["10.7.200.12:1", "same-site", 1],
    ["[fd07:7:7:9::1]:1", "same-site", 1],
    ["10.8.0.12:1", "private", 2],
    ["[2001:db8::7]:1", "public-ipv6", 2],
    ["198.51.100.1:1", "public-ipv4", 2],
    ["192.168.2.7:1", "private", 2],
    ["[fd00::7]:1", "private", 2],
    ["203.0.113.7:1", "claimed-by-another", 2],
    ["192.168.1.9:1", "listed-by-several", 2],
    ["203.0.113.9:1", "listed-by-several", 2],
    ["198.51.100.8:1", "preferred", 0],
  ] as const)("%s: %s", (text, kind, worth) => {
    expect(kindOf(text)).toEqual([[kind, worth]]);
  });

  it.each([
    ["192.168.1.7:1", "last-working", 1],
    ["198.51.100.1:1", "last-working", 2],
    ["203.0.113.7:1", "last-working", 2],
    ["198.51.100.7:1", "preferred", 0],
  ] as const)("%s, where it was connected before: %s, worth what it was before that", (text, kind, worth) => {
    expect(kindOf(text, text)).toEqual([[kind, worth]]);
  });

  it("and where it was connected before is a candidate although nobody announces it", () => {
    expect(kindOf("198.51.100.1:1", "198.51.100.2:1")).toEqual([
      ["last-working", 2],
      ["public-ipv4", 2],
    ]);
  });
});

it("no two kinds have the same name or place, or which of them comes first would be left to chance", () => {
  expect(new Set(kinds.map(({ name }) => name)).size).toBe(kinds.length);
  expect(new Set(kinds.map(({ place }) => place)).size).toBe(kinds.length);
});

it("all kinds stand in the order in which they are dialled, preferred ones in that of dial.prefer", () => {
  const announced = [
    "203.0.113.7:1", // inside another member's network
    "192.168.2.7:1",
    "198.51.100.1:1",
    "[2001:db8::7]:1",
    "10.7.0.12:1",
    "192.168.1.7:1",
    "198.51.100.7:1",
    "198.51.100.8:1",
  ].map(endpoint);
  const known = { ...context, lastWorking: endpoint("198.51.100.2:1") };
  const { endpoints } = sortCandidates(announced, known);
  const [preferredFirst, preferred, ...others] = announced.toReversed();
  expect(endpoints).toEqual([preferredFirst, preferred, known.lastWorking, ...others]);
});

it("whatever the address, an endpoint is a candidate of some kind or refused", () => {
  const addresses = fc.oneof(fc.ipV4(), fc.ipV6()).map((text) => parseAddress(text));
  const some = fc.tuple(addresses, fc.integer({ min: 1, max: 65_535 }));
  fc.assert(
    fc.property(fc.array(some, { maxLength: 20 }), (given) => {
      const all = given.flatMap(([at, port]) => (at && endpointOf(at, port)) ?? []);
      const { candidates, endpoints, refusedCandidates } = sortCandidates(all, context);
      expect(endpoints).toEqual(candidates.map((each) => each.endpoint));
      expect([...endpoints, ...refusedCandidates.map(({ value }) => value)].toSorted()).toEqual(
        [...new Set(all)].toSorted(),
      );
    }),
  );
});

it("what is refused for several reasons is named once, in the order in which it was announced", () => {
  const announced = ["198.51.100.1:1", "127.0.0.1:1", "10.5.0.1:1", "127.0.0.1:2"].map(endpoint);
  const dial = { ...context.dial, forbid: [prefix("0.0.0.0/0")] };
  expect(sortCandidates(announced, { ...context, dial }).refusedCandidates).toEqual([
    { value: "198.51.100.1:1", reason: "inside 0.0.0.0/0, which dial.forbid excludes" },
    { value: "127.0.0.1:1", reason: "a loopback address" },
    { value: "10.5.0.1:1", reason: "inside 10.5.0.0/16, which other routes through the mesh" },
    { value: "127.0.0.1:2", reason: "a loopback address" },
  ]);
});
