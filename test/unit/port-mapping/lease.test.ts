import { describe, expect, test } from "vitest";
import type { Address } from "../../../src/net/index.ts";
import { isNews, type Lease, leaseAfter, reportOf } from "../../../src/port-mapping/lease.ts";

const gateway = { address: "192.168.1.1" as Address, link: "eth0" };
const granted = (address: string, port = 41_821, lifetimeSeconds = 3600) => ({
  protocol: "PCP" as const,
  answer: { kind: "mapped" as const, port, address: address as Address, lifetimeSeconds },
});
const held = leaseAfter(gateway, undefined, granted("203.0.113.1"), 0);

describe("a lease", () => {
  test("is renewed when half of it is over", () => {
    expect(held).toMatchObject({ external: "203.0.113.1:41821", until: 3_600_000, nextAt: 1_800_000 });
    expect(reportOf(held, 600_000)).toEqual({
      state: "held",
      gateway: "192.168.1.1",
      protocol: "PCP",
      external: "203.0.113.1:41821",
      expiresInSeconds: 3000,
    });
  });

  test.each([
    [0, 60],
    [1, 60],
    [2 ** 32 - 1, 12 * 3600],
  ])("of %d s is renewed after %d s", (lifetime, seconds) => {
    const lease = leaseAfter(gateway, undefined, granted("203.0.113.1", 1, lifetime), 0);
    expect(lease.nextAt).toBe(seconds * 1000);
  });

  test.each([
    ["10.0.0.2", 1, /private: it is behind another NAT itself/],
    ["100.64.0.2", 1, /private/],
    ["127.0.0.1", 1, /loopback/],
    ["0.0.0.0", 1, /outer address/],
    ["203.0.113.1", 0, /no port/],
  ])("at %s:%d is of no use", (address, port, why) => {
    const lease = leaseAfter(gateway, undefined, granted(address, port), 0);
    expect(lease).toMatchObject({ kind: "missing", why: expect.stringMatching(why) });
  });

  test("outlives a router that is silent for a moment, and no more", () => {
    const silent = leaseAfter(gateway, held, undefined, 1_800_000);
    expect(silent).toMatchObject({ kind: "held", nextAt: 1_860_000 });
    expect(isNews(held, silent)).toBe(false);
    const over = leaseAfter(gateway, silent, undefined, 3_600_000);
    expect(over).toMatchObject({ kind: "missing" });
    expect(isNews(silent, over)).toBe(true);
  });

  test("that moved is news, and one that was renewed is none", () => {
    expect(isNews(held, leaseAfter(gateway, held, granted("203.0.113.1", 41_822), 1))).toBe(true);
    expect(isNews(held, leaseAfter(gateway, held, granted("203.0.113.1"), 1))).toBe(false);
  });

  test("that nobody gives is asked for less and less, at least once an hour", () => {
    let lease: Lease | undefined;
    const waits = Array.from({ length: 10 }, () => {
      lease = leaseAfter(gateway, lease, undefined, 0);
      return lease.nextAt / 60_000;
    });
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
  });
});
