import { describe, expect, test } from "vitest";
import { followPath, type Path, unsettledBetween } from "../../../src/peers/path.ts";
import { endpoint } from "../mesh/values.ts";

const [home, other, third] = ["192.0.2.1:1", "192.0.2.2:1", "192.0.2.3:1"].map(endpoint) as [
  Path["endpoint"],
  Path["endpoint"],
  Path["endpoint"],
];
const minute = 60_000;

/** A connected peer that is seen at these endpoints, one each so many milliseconds. */
function seenAt(
  endpoints: readonly Path["endpoint"][],
  everyMs: number,
): { path: Path | undefined; now: number } {
  let path: Path | undefined;
  let now = 1_000_000;
  for (const each of endpoints) {
    now += everyMs;
    const choices = { candidates: [] };
    const sight = { choices, roundTrips: new Map(), endpoint: each, handshakeAt: now };
    path = followPath(path, sight, true, now);
  }
  return { path, now };
}

test("a peer that follows a probe of the other end to and fro between quick polls has not moved", () => {
  const probed = [home, home, other, home, other, other, home, home];
  expect(seenAt(probed, 350).path?.changes).toBe(0);
  const moved = [home, other, home, other, other, other, other];
  expect(seenAt(moved.slice(0, -2), 350).path?.changes).toBe(0);
  expect(seenAt(moved, 350).path).toMatchObject({ endpoint: other, changes: 1 });
  expect(seenAt([home, other], 1_000).path).toMatchObject({ endpoint: other, changes: 1 });
});

const between = ({ path, now }: ReturnType<typeof seenAt>) => unsettledBetween(path, now);

describe("a peer that is seen in two places", () => {
  test("again and again is named with both", () => {
    expect(between(seenAt([home, other, home, other, home, other], minute))).toEqual([home, other]);
  });

  test.each([
    ["moves", [home, other, third]],
    ["loses its way and takes it back, twice", [home, other, home, other, home]],
  ])("is not, when it %s", (_, endpoints) => {
    expect(between(seenAt(endpoints, minute))).toBeUndefined();
  });

  test("is not, when it stays for long each time, or has settled since", () => {
    expect(between(seenAt([home, other, home, other, home, other], 10 * minute))).toBeUndefined();
    const { path, now } = seenAt([home, other, home, other, home, other], minute);
    expect(unsettledBetween(path, now + 5 * minute)).toBeUndefined();
  });
});
