import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { noDialRules } from "../../../src/config/index.ts";
import { type Endpoint, endpointAddress, PrefixIndex } from "../../../src/net/index.ts";
import { sortCandidates } from "../../../src/peers/index.ts";
import { endpoint, prefix } from "../mesh/values.ts";

const ownNetworks = ["192.168.1.0/24", "10.0.0.0/9", "198.51.100.8/31", "fd00:1::/64"].map(prefix);
const sorted = (endpoints: readonly string[], lastWorking?: string) =>
  sortCandidates(endpoints.map(endpoint), {
    nodeId: "peer",
    ownAddresses: new Set(),
    ownNetworks,
    routed: new PrefixIndex(),
    shared: new Set(),
    dial: noDialRules,
    lastWorking: lastWorking === undefined ? undefined : endpoint(lastWorking),
  });

const ports = (first: number, last: number): string[] =>
  Array.from({ length: last - first + 1 }, (_, index) => `203.0.113.7:${first + index}`);

describe("broadcast addresses of this node's own links", () => {
  it.each([
    ["192.168.1.255:51820", "192.168.1.0/24"],
    ["192.168.1.0:7", "192.168.1.0/24"],
    ["10.127.255.255:51820", "10.0.0.0/9"],
    ["10.0.0.0:51820", "10.0.0.0/9"],
  ])("%s is refused, and the status says why", (value, network) => {
    const { endpoints, refusedCandidates } = sorted([value]);
    expect(endpoints).toEqual([]);
    expect(refusedCandidates).toEqual([
      { value, reason: `the broadcast address of ${network}, a network of this node` },
    ]);
  });

  it.each([
    "192.168.1.254:51820",
    "192.168.2.255:51820", // a network that this node is not in: whether it is one, nobody can tell
    "10.0.0.255:51820",
    "198.51.100.8:51820", // two hosts that are all there is
    "198.51.100.9:51820",
    "[fd00:1::]:51820",
    "[fd00:1::ffff:ffff:ffff:ffff]:51820",
  ])("%s is a candidate", (value) => {
    expect(sorted([value]).endpoints).toEqual([value]);
  });

  it("one that worked before is refused as well", () => {
    expect(sorted([], "192.168.1.255:51820").endpoints).toEqual([]);
  });
});

describe("ports of one address", () => {
  it("are four at most: the first two, which are the peer's own, and what others saw last", () => {
    const { endpoints, refusedCandidates } = sorted([...ports(1, 7), "203.0.113.8:1"]);
    expect(endpoints.toSorted()).toEqual([...ports(1, 2), ...ports(6, 7), "203.0.113.8:1"]);
    expect(refusedCandidates.map(({ value }) => value)).toEqual(ports(3, 5));
    for (const { reason } of refusedCandidates)
      expect(reason).toBe("one of more than 4 ports of its address");
  });

  it("the one that worked before is among them", () => {
    const { endpoints } = sorted(ports(1, 9), "203.0.113.7:5");
    expect(endpoints[0]).toBe("203.0.113.7:5");
    expect(endpoints.toSorted()).toEqual([...ports(1, 2), "203.0.113.7:5", "203.0.113.7:9"]);
  });

  it("leave the others in the order in which they are announced", () => {
    const mixed = ["203.0.113.8:1", ...ports(1, 2), "203.0.113.8:2", ...ports(3, 6), "203.0.113.9:1"];
    expect(sorted(mixed).endpoints).toEqual(
      mixed.filter((each) => !["203.0.113.7:3", "203.0.113.7:4"].includes(each)),
    );
  });

  it("of four or fewer all are candidates, in the order of before", () => {
    expect(sorted(ports(1, 4)).endpoints).toEqual(ports(1, 4));
  });

  it("whatever is announced, each endpoint is a candidate or refused with a reason", () => {
    const announced = fc
      .tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 12 }))
      .map(([host, port]) => `203.0.113.${host}:${port}`);
    fc.assert(
      fc.property(fc.array(announced, { maxLength: 64 }), fc.option(announced), (all, last) => {
        const { endpoints, refusedCandidates } = sorted(all, last ?? undefined);
        const values = [...endpoints, ...refusedCandidates.map(({ value }) => value as Endpoint)];
        expect(values.toSorted()).toEqual([...new Set(last === null ? all : [...all, last])].toSorted());
        for (const [, same] of Map.groupBy(endpoints, endpointAddress))
          expect(same.length).toBeLessThanOrEqual(4);
      }),
    );
  });
});
