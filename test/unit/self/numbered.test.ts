import { describe, expect, test } from "vitest";
import { numbered } from "../../../src/self/numbered.ts";
import { address, affiliate, endpoint, prefix } from "../mesh/values.ts";

const hour = 60 * 60_000;
const now = 1_700_000_000_000;
const origin = { startedAt: now, machine: "m", otherNetworks: [] };
const own = affiliate(1);

describe("the number of an announcement", () => {
  test("is the clock's at first, and stays for as long as nothing new is said; endpoints are not", () => {
    const first = numbered(own, origin, undefined, 0, now);
    expect(first).toMatchObject({
      number: now,
      affiliate: { ...own, membership: { number: now, ...origin } },
    });
    const moved = affiliate(1, { endpoints: [endpoint("192.0.2.1:9")] });
    const again = numbered(moved, origin, first, now, now + hour);
    expect(again.number).toBe(now);
    expect(again.affiliate.kubespan?.endpoints).toEqual(["192.0.2.1:9"]);
  });

  test("grows with what is new, also where the clock was set back or stands still", () => {
    const first = numbered(own, origin, undefined, 0, now);
    const news = affiliate(1, {}, { addresses: [address("192.0.2.1")] });
    expect(numbered(news, origin, first, now, now).number).toBe(now + 1);
    const others = { ...origin, otherNetworks: [prefix("192.168.0.0/24")] };
    expect(numbered(own, others, first, now, now).affiliate.membership).toEqual({
      number: now + 1,
      ...others,
    });
    const mapped = { ...origin, mapped: endpoint("203.0.113.1:1") };
    expect(numbered(own, mapped, first, now, now).affiliate.membership).toEqual({
      number: now + 1,
      ...mapped,
    });
    expect(numbered(news, origin, first, now, now - hour).number).toBe(now + 1);
    expect(numbered(own, origin, undefined, now, now - hour).number).toBe(now + 1);
  });

  test("outdoes a higher one that somebody else told under this node's id", () => {
    const first = numbered(own, origin, undefined, 0, now);
    expect(numbered(own, origin, first, now + 500, now).number).toBe(now + 501);
  });

  test("goes on where the clock is known to be behind, however far the last one is ahead of it", () => {
    const at1970 = 5_000_000; // as a machine without a real-time clock begins
    expect(numbered(own, origin, undefined, now, at1970).number).toBe(at1970); // others refuse it
    expect(numbered(own, origin, undefined, now, at1970, true).number).toBe(now + 1);
  });

  test("begins at the clock again where the last one was further ahead than others believe", () => {
    expect(numbered(own, origin, undefined, now + 25 * hour, now).number).toBe(now);
    expect(numbered(own, origin, undefined, now + 23 * hour, now).number).toBe(now + 23 * hour + 1);
  });
});
