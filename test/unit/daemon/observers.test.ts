import { pino } from "pino";
import { expect, test } from "vitest";
import { Observers } from "../../../src/daemon/observers.ts";
import type { Endpoint } from "../../../src/net/index.ts";
import { memberOf, membersOf } from "../members/member.ts";
import { affiliate, key } from "../mesh/values.ts";

const start = 1_000_000;

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

/** Members 1 and 2, of which the second has taken the name of the first. */
const [one, two] = [affiliate(1), affiliate(2, {}, { nodeName: "node-1" })].map((each) => memberOf(each));
const members = membersOf(...[one, two].flatMap((each) => each ?? []));

const seenBy = (number: number, endpoint: string, since: number, at: number) => ({
  observer: key(number),
  name: "node-1",
  by: "member",
  endpoint,
  since,
  at,
});

test("the newest statement of each member counts, for eleven minutes", () => {
  let now = start;
  const observers = observersAt(() => now);
  expect(observers.heed(notice("203.0.113.1:1", 2), key(1), members)).toBe(true);
  expect(observers.heed(notice("203.0.113.1:2", 1), key(1), members)).toBe(false);
  expect(observers.heed(notice("203.0.113.1:1", 3), key(1), members)).toBe(false);
  expect(observers.heed(notice("203.0.113.1:2", 1), key(2), members)).toBe(true);
  expect(observers.observations(members)).toEqual([
    seenBy(1, "203.0.113.1:1", 995_000, start),
    seenBy(2, "203.0.113.1:2", 995_000, start),
  ]);
  now += 11 * 60_000 + 1;
  expect(observers.observations(members)).toEqual([]);
});

test("a member with another one's name and a huge number silences nobody", () => {
  const observers = observersAt(() => start);
  observers.heed(notice("203.0.113.9:9", Number.MAX_SAFE_INTEGER), key(2), members);
  expect(observers.heed(notice("203.0.113.1:1", 1), key(1), members)).toBe(true);
  expect(observers.observations(members)).toContainEqual(seenBy(1, "203.0.113.1:1", 995_000, start));
});

test("what a member said is forgotten with it, numbers as well, and who is none is not heard", () => {
  const observers = observersAt(() => start);
  observers.heed(notice("203.0.113.1:1", 9), key(1), members);
  expect(observers.heed(notice("203.0.113.1:3", 1), key(3), members)).toBe(false);
  const without = membersOf(...[two].flatMap((each) => each ?? []));
  expect(observers.observations(without)).toEqual([]);
  expect(observers.heed(notice("203.0.113.1:2", 1), key(1), members)).toBe(true);
});

test("so many members are heard, and no more", () => {
  const observers = observersAt(() => start);
  const many = membersOf(...Array.from({ length: 80 }, (_, number) => memberOf(affiliate(number))));
  const heeded = Array.from({ length: 80 }, (_, number) =>
    observers.heed(notice(`198.51.100.7:${number + 1}`, 1), key(number), many),
  );
  expect(heeded.filter(Boolean)).toHaveLength(64);
  expect(observers.observations(many)).toHaveLength(64);
});

test("a member that tells something else each time has news once in 30 s", () => {
  let now = start;
  const observers = observersAt(() => now);
  const news = Array.from({ length: 90 }, (_, second) => {
    now = start + second * 1000;
    return observers.heed(notice(`203.0.113.1:${1 + (second % 2)}`, second + 1), key(1), members);
  });
  expect(news.filter(Boolean).length).toBeLessThanOrEqual(3);
  expect(news[0]).toBe(true);
});

test("what came too early counts once its time has come", () => {
  let now = start;
  const observers = observersAt(() => now);
  observers.heed(notice("203.0.113.1:1", 1), key(1), members);
  now += 5_000;
  expect(observers.heed(notice("203.0.113.1:2", 2), key(1), members)).toBe(false);
  const endpoints = () => observers.observations(members).map(({ endpoint }) => endpoint);
  expect(endpoints()).toEqual(["203.0.113.1:1"]);
  now += 25_000;
  expect(endpoints()).toEqual(["203.0.113.1:2"]);
});

test("a statement for another node, or about an endpoint that nobody can reach, does not count", () => {
  const observers = observersAt(() => start);
  expect(observers.heed(notice("203.0.113.1:1", 1, "other"), key(1), members)).toBe(false);
  expect(observers.heed(notice("127.0.0.1:1", 1), key(1), members)).toBe(false);
  expect(observers.observations(members)).toEqual([]);
});
