import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  clientAddress,
  holderOf,
  noProxy,
  type ProxyTrust,
} from "../../../src/discovery-server/client-address.ts";
import { FairRateLimit, RateLimit } from "../../../src/discovery-server/rate-limit.ts";
import { checkUpdate, idRefusal } from "../../../src/discovery-server/requests.ts";
import { address } from "../discovery/samples.ts";

describe("an update request", () => {
  const good = {
    affiliateId: "a",
    affiliateData: Buffer.alloc(2048),
    affiliateEndpoints: [Buffer.alloc(32), Buffer.alloc(1)],
    ttl: { seconds: 1800n, nanos: 0 },
  };

  test("within the limits is accepted", () => {
    expect(checkUpdate(good)).toEqual({
      affiliateId: "a",
      data: good.affiliateData,
      endpoints: good.affiliateEndpoints,
      ttlMs: 1_800_000,
    });
    expect(checkUpdate({ ...good, ttl: { seconds: 0n, nanos: 500_000_000 } })).toMatchObject({ ttlMs: 500 });
  });

  test.each([undefined, Buffer.alloc(0)])("with data %j has none", (affiliateData) => {
    expect(checkUpdate({ ...good, affiliateData })).not.toHaveProperty("data");
  });

  test.each([
    ["no id", { affiliateId: "" }],
    ["an id of 258 bytes", { affiliateId: "é".repeat(129) }],
    ["2,049 bytes of data", { affiliateData: Buffer.alloc(2049) }],
    ["an empty endpoint", { affiliateEndpoints: [Buffer.alloc(0)] }],
    ["an endpoint of 33 bytes", { affiliateEndpoints: [Buffer.alloc(33)] }],
    ["no TTL", { ttl: undefined }],
    ["a TTL of nothing", { ttl: { seconds: 0n, nanos: 0 } }],
    ["a TTL in the past", { ttl: { seconds: -5n, nanos: 0 } }],
    ["a TTL over 30 minutes", { ttl: { seconds: 1800n, nanos: 1 } }],
    ["an endless TTL", { ttl: { seconds: 2n ** 63n - 1n, nanos: 0 } }],
  ])("with %s is malformed", (_, change) => {
    expect(checkUpdate({ ...good, ...change })).toMatchObject({ refused: "INVALID_ARGUMENT" });
  });

  test("needs a cluster id of 1 to 256 bytes", () => {
    expect(idRefusal("cluster id", "x".repeat(256))).toBeUndefined();
    expect(idRefusal("cluster id", "")).toMatchObject({ refused: "INVALID_ARGUMENT" });
    expect(idRefusal("cluster id", "x".repeat(257))).toMatchObject({ refused: "INVALID_ARGUMENT" });
  });
});

const passed = (limit: RateLimit, from: string, now: number, tries: number): number =>
  Array.from({ length: tries }, () => limit.take(from, now)).filter(Boolean).length;
const sender = (index: number): string => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;

const taken = (limit: FairRateLimit, from: string, node: string, tries: number): number =>
  Array.from({ length: tries }, () => limit.take(address(from), node, 0)).filter(Boolean).length;

describe("the rate limit", () => {
  const rate = { perSecond: 15, burst: 60 };

  test("lets a burst through, and then 15 a second", () => {
    const limit = new RateLimit(rate);
    expect(passed(limit, "192.0.2.1", 0, 100)).toBe(60);
    expect(passed(limit, "192.0.2.1", 1000, 100)).toBe(15);
    expect(passed(limit, "192.0.2.1", 1e6, 100)).toBe(60);
  });

  test("gives each node behind one address its own, and takes nothing from it for those who ask too much", () => {
    const limit = new FairRateLimit(rate, { perSecond: 1, burst: 100 });
    expect(taken(limit, "192.0.2.1", "noisy", 10_000)).toBe(60);
    expect(taken(limit, "192.0.2.1", "quiet", 4)).toBe(4);
    expect(taken(limit, "192.0.2.1", "third", 60)).toBe(36);
  });

  test("counts every IPv4 address and every IPv6 /64 for itself", () => {
    const limit = new FairRateLimit({ perSecond: 1, burst: 1000 }, rate);
    taken(limit, "192.0.2.1", "a", 100);
    expect(taken(limit, "192.0.2.2", "a", 1)).toBe(1);
    taken(limit, "2001:db8::1", "a", 100);
    expect(taken(limit, "2001:db8::2", "b", 1)).toBe(0);
    expect(taken(limit, "2001:db8:0:1::1", "a", 1)).toBe(1);
  });

  test("remembers a bounded number of senders, and forgets the idle ones", () => {
    const limit = new RateLimit(rate);
    for (let index = 0; index < 65_536; index++) limit.take(sender(index), 0);
    expect(passed(limit, "192.0.2.1", 1, 1)).toBe(0);
    expect(passed(limit, "192.0.2.1", 5000, 1)).toBe(1);
  });

  test("makes whoever did harm wait, but not for ever", () => {
    const limit = new RateLimit(rate);
    limit.charge("192.0.2.1", 1e9, 0);
    expect(passed(limit, "192.0.2.1", 4_000, 1)).toBe(0);
    expect(passed(limit, "192.0.2.1", 5_000, 100)).toBe(15);
    expect(passed(limit, "192.0.2.2", 0, 100)).toBe(60);
  });

  test("never lets more through than burst and rate allow", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(500), { maxLength: 300 }), (pauses) => {
        const limit = new RateLimit(rate);
        let now = 0;
        let count = 0;
        for (const pause of pauses) {
          now += pause;
          if (limit.take("192.0.2.1", now)) count++;
        }
        expect(count).toBeLessThanOrEqual(60 + (now / 1000) * 15);
      }),
    );
  });
});

const proxies = (hops: number, realIp = false) => ({ hops, realIp });

describe("who asks", () => {
  const none = { realIp: undefined, forwardedFor: undefined };

  test.each([
    ["192.0.2.1:4711", "192.0.2.1"],
    ["::ffff:192.0.2.1:4711", "192.0.2.1"],
    ["2001:db8::1:4711", "2001:db8::1"],
    ["fe80::1%eth0:4711", "fe80::1"],
    ["unknown", undefined],
    ["", undefined],
  ])("%s is %s", (peer, expected) => {
    expect(clientAddress(peer, none, noProxy)).toBe(expected);
  });

  test.each([
    ["one proxy appends to what the client made up", 1, "198.51.100.9, 203.0.113.7", "203.0.113.7"],
    ["one proxy", 1, " 198.51.100.8 ", "198.51.100.8"],
    ["two proxies append", 2, "203.0.113.6, 198.51.100.8, 10.0.0.1", "198.51.100.8"],
    ["two proxies, the outer one passed by", 2, "198.51.100.8", "198.51.100.8"],
    ["a proxy that writes the port", 1, "198.51.100.8:4711", "198.51.100.8"],
    ["a proxy that writes the port of IPv6", 1, "[2001:db8::8]:4711", "2001:db8::8"],
    ["a proxy that writes nonsense", 1, "198.51.100.8, unknown", "192.0.2.1"],
    ["no proxy", 0, "198.51.100.8", "192.0.2.1"],
  ])("%s", (_, hops, forwardedFor, expected) => {
    const headers = { realIp: "198.51.100.99", forwardedFor };
    expect(clientAddress("192.0.2.1:4711", headers, proxies(hops))).toBe(expected);
  });

  test("is what X-Real-IP says only where that was configured", () => {
    const headers = { realIp: "198.51.100.7", forwardedFor: "198.51.100.8" };
    const from = (trust: ProxyTrust) => clientAddress("192.0.2.1:4711", headers, trust);
    expect([from(proxies(0, true)), from(proxies(1, true)), from(proxies(1)), from(noProxy)]).toEqual([
      "198.51.100.7",
      "198.51.100.7",
      "198.51.100.8",
      "192.0.2.1",
    ]);
    expect(clientAddress("192.0.2.1:1", { ...headers, realIp: "nonsense" }, proxies(1, true))).toBe(
      "198.51.100.8",
    );
  });

  test("is an address or nobody, whatever the headers say", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), fc.nat(3), (peer, realIp, forwardedFor, hops) => {
        const found = clientAddress(peer, { realIp, forwardedFor }, proxies(hops, true));
        if (found !== undefined) expect(address(found)).toBe(found);
      }),
    );
  });

  test("shares with its address, and in IPv6 with its site", () => {
    expect(holderOf(address("192.0.2.1"))).toBe("192.0.2.1");
    expect(holderOf(address("2001:db8:1:2::3"))).toBe("2001:db8:1::/48");
  });
});
