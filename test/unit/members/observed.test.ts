import { describe, expect, test } from "vitest";
import { statementMs, type Tellings, tellings } from "../../../src/members/observed.ts";
import type { Endpoint } from "../../../src/net/index.ts";

const [here, there] = ["203.0.113.1:1", "203.0.113.1:2"] as Endpoint[] as [Endpoint, Endpoint];
const seen = (endpoint: Endpoint) => new Map([["id002", [endpoint]]]);

/** Tells at these times, and gives what was due at each. */
function tell(...steps: readonly (readonly [number, Endpoint | undefined])[]) {
  let all: Tellings = new Map();
  return steps.map(([now, endpoint]) => {
    const told = tellings(endpoint === undefined ? new Map() : seen(endpoint), all, now);
    all = told.all;
    return told.due.map((each) => `${each.endpoint} since ${each.since}`);
  });
}

describe("a peer is told where it is seen", () => {
  test("once, again after five minutes, and at once when that changes", () => {
    expect(tell([0, here], [1_000, here], [300_000, here], [301_000, there], [302_000, there])).toEqual([
      [`${here} since 0`],
      [],
      [`${here} since 0`],
      [`${there} since 301000`],
      [],
    ]);
  });

  test("anew when it was not seen for a while", () => {
    expect(tell([0, here], [10, undefined], [20, here])).toEqual([
      [`${here} since 0`],
      [],
      [`${here} since 20`],
    ]);
  });

  test("often enough for the statement to count all the time, although one is lost", () => {
    const times = Array.from({ length: 100 }, (_, index) => index * 30_000);
    const due = tell(...times.map((now) => [now, here] as const)).flatMap((each, index) =>
      each.length > 0 ? [times[index] ?? 0] : [],
    );
    const gaps = due.map((at, index) => (due[index + 2] ?? at) - at);
    expect(Math.max(...gaps)).toBeLessThan(statementMs);
  });
});
