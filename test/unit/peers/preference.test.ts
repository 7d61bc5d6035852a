import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { noDialRules } from "../../../src/config/index.ts";
import { peerSpecs } from "../../../src/members/index.ts";
import {
  lastWorkingText,
  mostLastWorking,
  parseLastWorking,
  rememberWorking,
} from "../../../src/peers/index.ts";
import { address, affiliate, endpoint, key, prefix } from "../mesh/values.ts";

const own = {
  nodeId: "self",
  publicKey: key(0),
  address: address("fd00:0:0:2::1"),
  addresses: [address("192.168.1.1")],
  advertisedPrefixes: [],
  clusterPrefix: prefix("fd00:0:0:2::/64"),
  widestPrefix: { ipv4: 8, ipv6: 16 },
  dial: noDialRules,
  networks: [prefix("192.168.1.0/24")],
  otherNetworks: [],
  localNetworks: [],
  lastWorking: new Map(),
};
const announced = ["10.0.0.2:1", "198.51.100.2:1", "[2001:db8::2]:1", "192.168.1.2:1", "198.51.100.3:1"];
const specOf = (changes: object) =>
  peerSpecs([affiliate(2, { endpoints: announced.map(endpoint) })], { ...own, ...changes }).peers[0] ??
  expect.fail();

describe("candidates", () => {
  it("stand in an order that is explained", () => {
    const lastWorking = new Map([[key(2), endpoint("203.0.113.7:4000")]]);
    const { candidates } = specOf({ lastWorking });
    expect(candidates.map((each) => [each.endpoint, each.reason])).toEqual([
      ["203.0.113.7:4000", "connected there before"],
      ["192.168.1.2:1", "in 192.168.1.0/24, a network of this node"],
      ["[2001:db8::2]:1", "a public IPv6 address"],
      ["198.51.100.2:1", "a public IPv4 address"],
      ["198.51.100.3:1", "a public IPv4 address"],
      ["10.0.0.2:1", "a private address"],
    ]);
  });

  it("that worked once are refused all the same where a rule says so", () => {
    const lastWorking = new Map([[key(2), endpoint("192.168.1.1:1")]]);
    expect(specOf({ lastWorking }).refusedCandidates).toEqual([
      { value: "192.168.1.1:1", reason: "this node's own address" },
    ]);
  });

  it("are preferred, forbidden and pinned by network", () => {
    const prefer = [prefix("198.51.100.3/32"), prefix("10.0.0.0/8")];
    expect(specOf({ dial: { ...own.dial, prefer } }).endpoints.slice(0, 2)).toEqual([
      "198.51.100.3:1",
      "10.0.0.2:1",
    ]);
    const forbidden = specOf({ dial: { ...own.dial, forbid: [prefix("192.168.0.0/16"), prefix("::/0")] } });
    expect(forbidden.endpoints).toEqual(["198.51.100.2:1", "198.51.100.3:1", "10.0.0.2:1"]);
    expect(forbidden.refusedCandidates).toContainEqual({
      value: "[2001:db8::2]:1",
      reason: "inside ::/0, which dial.forbid excludes",
    });
    const filters = [{ prefix: prefix("0.0.0.0/0"), exclude: false }];
    const filtered = specOf({ dial: { ...own.dial, filters } });
    expect(filtered.endpoints.filter((each) => each.startsWith("["))).toEqual([]);
    expect(filtered.refusedCandidates.map(({ reason }) => reason).join()).toContain(
      "no rule of filters.peerEndpoints contains",
    );
    const pinned = specOf({ dial: { ...own.dial, pin: [prefix("10.0.0.0/8")] } });
    expect(pinned.endpoints).toEqual(["10.0.0.2:1"]);
    expect(pinned.refusedCandidates).toHaveLength(4);
    expect(specOf({ dial: { ...own.dial, pin: [prefix("172.16.0.0/12")] } }).candidates).toHaveLength(5);
  });
});

describe("the endpoints that worked last", () => {
  const endpoints = new Map([
    [key(1), endpoint("198.51.100.1:1")],
    [key(2), endpoint("[2001:db8::2]:2")],
  ]);

  it("come back from the file as they were", () => {
    expect(parseLastWorking(lastWorkingText(endpoints))).toEqual(endpoints);
  });

  it.each([
    "",
    "{}",
    '{"version":2,"endpoints":[]}',
    `{"version":1,"endpoints":[["${key(1)}","nowhere"]]}`,
    '{"version":1,"endpoints":[["no key","198.51.100.1:1"]]}',
  ])("are not read from %s", (text) => {
    expect(parseLastWorking(text)).toBeUndefined();
  });

  it("are read from no other text, whatever it is, without an exception", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(parseLastWorking(text)).toBeUndefined();
      }),
    );
    const good = lastWorkingText(endpoints);
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.string({ maxLength: 3 }), (at, put) => {
        const result = parseLastWorking(good.slice(0, at) + put + good.slice(at + 1));
        expect(result === undefined || result.size <= 2).toBe(true);
      }),
    );
  });

  it("are the same map where nothing is new, and never too many", () => {
    expect(rememberWorking(endpoints, new Map([[key(1), endpoint("198.51.100.1:1")]]))).toBe(endpoints);
    const many = new Map(
      Array.from({ length: mostLastWorking + 5 }, (_, index) => [String(index), endpoint("198.51.100.1:1")]),
    );
    const kept = rememberWorking(endpoints, many);
    expect(kept.size).toBe(mostLastWorking);
    expect(kept.has(key(1))).toBe(false);
  });
});
