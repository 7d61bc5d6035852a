import { describe, expect, it } from "vitest";
import type { Attempt, Contest } from "../../../src/peers/index.ts";
import { nextLook } from "../../../src/peers/pace.ts";
import { endpoint } from "../mesh/values.ts";

const now = 1_700_000_000_000;
const known = [endpoint("198.51.100.1:1")];
const raced = (ago: number, volleys: number): Contest => ({
  firstAt: now - 1e6,
  lastAt: now - ago,
  volleys,
  known,
});
const dialled = (ago: number, round: number): Attempt => ({
  endpoint: endpoint("198.51.100.1:1"),
  since: now - ago,
  round,
  known,
});
const wait = (forMs?: number) => ({ kind: "wait", forMs }) as const;
const race = { kind: "race", contest: raced(0, 1), endpoints: known } as const;

describe("the next look at a peer that is not up", () => {
  it.each<[string, number, Parameters<typeof nextLook>]>([
    ["a first volley", 50, [race, "granted", { attempt: undefined, contest: raced(0, 1), peers: 10 }, now]],
    [
      "the same among a thousand",
      250,
      [race, "granted", { attempt: undefined, contest: raced(0, 1), peers: 1000 }, now],
    ],
    [
      "a volley that is due",
      150,
      [wait(150), "granted", { attempt: undefined, contest: raced(1000, 4), peers: 10 }, now],
    ],
    [
      "a tenth volley",
      1250,
      [wait(), "granted", { attempt: undefined, contest: raced(0, 10), peers: 10 }, now],
    ],
    [
      "long silence",
      2000,
      [wait(), "granted", { attempt: undefined, contest: raced(0, 30), peers: 10 }, now],
    ],
    ["a dial", 50, [wait(), "granted", { attempt: dialled(0, 0), contest: undefined, peers: 10 }, now]],
    [
      "a dial some time ago",
      250,
      [wait(), "granted", { attempt: dialled(1000, 0), contest: undefined, peers: 10 }, now],
    ],
    ["no endpoint", 2000, [wait(), "granted", { attempt: undefined, contest: undefined, peers: 10 }, now]],
    [
      "no endpoint among a thousand",
      5000,
      [wait(), "granted", { attempt: undefined, contest: undefined, peers: 1000 }, now],
    ],
    [
      "no attempts left",
      100,
      [race, "postponed", { attempt: undefined, contest: raced(0, 1), peers: 10 }, now],
    ],
    [
      "a device that has to be read first",
      0,
      [race, "barred", { attempt: undefined, contest: undefined, peers: 1000 }, now],
    ],
  ])("%s", (_, expected, args) => expect(nextLook(...args)).toBe(expected));
});
