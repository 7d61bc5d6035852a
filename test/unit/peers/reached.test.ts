import { expect, test } from "vitest";
import { lastWorkingText, parseLastWorking, parseReached } from "../../../src/peers/last-working.ts";
import { mostReached, mostReachedOfOne, rememberReached } from "../../../src/peers/reached.ts";
import { address, endpoint, key } from "../mesh/values.ts";

const at = (text: string) => new Map([[key(3), endpoint(text)]]);
const nothing: ReadonlyMap<string, never[]> = new Map();

test("where a peer was reached nearby is remembered, wherever it is afterwards", () => {
  const home = rememberReached(nothing, at("192.168.1.20:51820"));
  expect(home).toEqual(new Map([[key(3), [address("192.168.1.20")]]]));
  expect(rememberReached(home, at("203.0.113.4:51820"))).toBe(home);
  expect(rememberReached(home, at("192.168.1.20:4711"))).toBe(home);
  const both = rememberReached(home, at("[fd12::20]:51820"));
  expect(both.get(key(3))).toEqual(["192.168.1.20", "fd12::20"].map(address));
});

test("it is bounded, for one peer and for all", () => {
  let reached = rememberReached(nothing, at("10.0.0.1:1"));
  for (let last = 2; last < 20; last++) reached = rememberReached(reached, at(`10.0.0.${last}:1`));
  expect(reached.get(key(3))).toHaveLength(mostReachedOfOne);
  const many = Array.from({ length: mostReached + 5 }, (_, index) => [String(index), endpoint("10.0.0.1:1")]);
  expect(rememberReached(reached, new Map(many as [string, ReturnType<typeof endpoint>][])).size).toBe(
    mostReached,
  );
});

test("it is kept in the file of the endpoints, which one of before need not have", () => {
  const endpoints = at("203.0.113.4:51820");
  const reached = new Map([[key(3), [address("192.168.1.20")]]]);
  const text = lastWorkingText(endpoints, reached);
  expect([parseLastWorking(text), parseReached(text)]).toEqual([endpoints, reached]);
  expect(parseReached(lastWorkingText(endpoints))).toEqual(new Map());
});

test.each([
  ["no JSON", "{"],
  ["an address that is public", lastWorkingText(new Map(), new Map([[key(3), [address("203.0.113.4")]]]))],
  ["a key that is none", lastWorkingText(new Map(), new Map([["key", [address("10.0.0.1")]]]))],
])("nothing is taken from a file with %s", (_case, text) => {
  expect(parseReached(text)).toEqual(new Map());
});
