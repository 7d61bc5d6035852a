import { describe, expect, test } from "vitest";
import {
  noneOwnerless,
  type Ownerless,
  ownerlessWarnings,
  stillOwnerless,
  withoutOwned,
} from "../../../src/members/ownerless.ts";
import { prefix } from "../discovery/samples.ts";

const hour = 3_600_000;
const since = Date.UTC(2026, 10, 27);
const lost: Ownerless = { networks: [prefix("10.244.2.0/24"), prefix("203.0.113.2/32")], since };
const at = { now: since + hour, clockSetByMs: 0, isClockBehind: false, forgetAfterMs: 24 * hour };

describe("networks whose owners were lost with the ledger", () => {
  test("stay for as long as an absent member does, and no longer", () => {
    expect(stillOwnerless(lost, at)).toBe(lost);
    expect(stillOwnerless(lost, { ...at, now: since + 24 * hour - 1 })).toBe(lost);
    expect(stillOwnerless(lost, { ...at, now: since + 24 * hour })).toEqual(noneOwnerless);
  });

  test("stay while the clock is known to be behind, and have lasted as long as before when it is set", () => {
    const later = { ...at, now: since + 48 * hour };
    expect(stillOwnerless(lost, { ...later, isClockBehind: true })).toBe(lost);
    const set = stillOwnerless(lost, { ...later, clockSetByMs: 47 * hour });
    expect(set).toEqual({ ...lost, since: since + 47 * hour });
    expect(stillOwnerless(lost, { ...at, clockSetByMs: 500 })).toBe(lost); // it drifts
  });

  test("are those that have no owner, also in part", () => {
    expect(withoutOwned(lost, [prefix("192.0.2.0/24")])).toBe(lost);
    expect(withoutOwned(lost, [prefix("203.0.113.2/32"), prefix("10.244.2.0/25")])).toEqual({
      ...lost,
      networks: ["10.244.2.128/25"],
    });
    expect(withoutOwned(lost, [prefix("10.0.0.0/8"), prefix("203.0.113.0/24")])).toBe(noneOwnerless);
  });

  test("are a warning, which names some of them and the way out", () => {
    expect(ownerlessWarnings(noneOwnerless, since)).toEqual([]);
    const [{ what } = expect.fail("no warning")] = ownerlessWarnings(lost, since + 60_000);
    expect(what).toContain("could not be read 60 s ago");
    expect(what).toContain("kubespan forget NETWORK (such as 10.244.2.0/24)");
    const many = Array.from({ length: 6 }, (_, index) => prefix(`10.244.${2 * index}.0/24`));
    expect(ownerlessWarnings({ networks: many, since }, since)[0]?.what).toContain("and 2 more");
  });
});
