import { pino } from "pino";
import { expect, test } from "vitest";
import { Observers } from "../../../src/daemon/observers.ts";
import type { Endpoint } from "../../../src/net/index.ts";

function observersAt(clock: () => number): Observers {
  return new Observers({ nodeId: "own", clock, log: pino({ level: "silent" }) });
}

const notice = (endpoint: string, number: number, nodeId = "own") => ({
  kind: "observed" as const,
  nodeId,
  number,
  endpoint: endpoint as Endpoint,
  seconds: 5,
});

test("the newest statement of each member counts, for eleven minutes", () => {
  let now = 1_000_000;
  const observers = observersAt(() => now);
  expect(observers.heed(notice("203.0.113.1:1", 2), "p")).toBe(true);
  expect(observers.heed(notice("203.0.113.1:2", 1), "p")).toBe(false);
  expect(observers.heed(notice("203.0.113.1:1", 3), "p")).toBe(false);
  expect(observers.heed(notice("203.0.113.1:2", 1), "q")).toBe(true);
  expect(observers.observations).toEqual([
    { observer: "p", by: "member", endpoint: "203.0.113.1:1", since: 995_000, at: 1_000_000 },
    { observer: "q", by: "member", endpoint: "203.0.113.1:2", since: 995_000, at: 1_000_000 },
  ]);
  now += 11 * 60_000 + 1;
  expect(observers.observations).toEqual([]);
});

test("a statement for another node, or about an endpoint that nobody can reach, does not count", () => {
  const observers = observersAt(() => 1_000_000);
  expect(observers.heed(notice("203.0.113.1:1", 1, "other"), "p")).toBe(false);
  expect(observers.heed(notice("127.0.0.1:1", 1), "p")).toBe(false);
  expect(observers.observations).toEqual([]);
});
