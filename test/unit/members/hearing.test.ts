import { expect, test } from "vitest";
import { type Checks, counted, mostChecks, mostChecksOfOne, noChecks } from "../../../src/members/hearing.ts";

/** The checks after notices of these senders in one second, and how many of each were looked at. */
function after(checks: Checks, senders: readonly string[], second: number) {
  let now = checks;
  const seen = new Map<string, number>();
  for (const sender of senders) {
    const next = counted(now, sender, second);
    if (!next) continue;
    now = next;
    seen.set(sender, (seen.get(sender) ?? 0) + 1);
  }
  return { now, seen };
}

const times = (sender: string, count: number): string[] => Array.from({ length: count }, () => sender);

test("who floods has a share, and others are heard beside it", () => {
  const { seen } = after(noChecks, [...times("flood", 1_000), "other", "third"], 7);
  expect([...seen]).toEqual([
    ["flood", mostChecksOfOne],
    ["other", 1],
    ["third", 1],
  ]);
});

test("all together have a bound, and the next second begins anew", () => {
  const many = ["a", "b", "c", "d"].flatMap((sender) => times(sender, 30));
  const { now, seen } = after(noChecks, many, 7);
  expect([...seen.values()].reduce((sum, count) => sum + count, 0)).toBe(mostChecks);
  expect(counted(now, "e", 7)).toBeUndefined();
  expect(after(now, times("a", 30), 8).seen.get("a")).toBe(mostChecksOfOne);
});
