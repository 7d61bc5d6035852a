import { describe, expect, it } from "vitest";
import { postponedPoll, pursuitPoll } from "../../../src/peers/pace.ts";
import type { Race } from "../../../src/peers/race.ts";
import type { Attempt } from "../../../src/peers/rotation.ts";
import { endpoint } from "../mesh/values.ts";

const now = 1_700_000_000_000;
const known = [endpoint("198.51.100.1:1")];
const raced = (ago: number, rounds: number): Race => ({
  firstAt: now - 1e6,
  lastAt: now - ago,
  rounds,
  known,
});
const dialled = (ago: number, round: number): Attempt => ({
  endpoint: endpoint("198.51.100.1:1"),
  since: now - ago,
  round,
  known,
});

describe("the next poll of a peer that is not up", () => {
  it.each<[string, number, Parameters<typeof pursuitPoll>]>([
    ["a first round", 50, [{ attempt: undefined, race: raced(0, 1), peers: 10 }, undefined, now]],
    [
      "the same among a thousand",
      250,
      [{ attempt: undefined, race: raced(0, 1), peers: 1000 }, undefined, now],
    ],
    ["a round that is due", 150, [{ attempt: undefined, race: raced(1000, 4), peers: 10 }, 150, now]],
    ["a tenth round", 1250, [{ attempt: undefined, race: raced(0, 10), peers: 10 }, undefined, now]],
    ["long silence", 2000, [{ attempt: undefined, race: raced(0, 30), peers: 10 }, undefined, now]],
    ["a dial", 50, [{ attempt: dialled(0, 0), race: undefined, peers: 10 }, undefined, now]],
    [
      "a dial some time ago",
      250,
      [{ attempt: dialled(1000, 0), race: undefined, peers: 10 }, undefined, now],
    ],
    ["no endpoint", 2000, [{ attempt: undefined, race: undefined, peers: 10 }, undefined, now]],
    [
      "no endpoint among a thousand",
      5000,
      [{ attempt: undefined, race: undefined, peers: 1000 }, undefined, now],
    ],
  ])("%s", (_, expected, args) => expect(pursuitPoll(...args)).toBe(expected));

  it.each([
    [10, 100],
    [1000, 250],
  ])("comes when the budget holds something again, among %i", (peers, expected) => {
    expect(postponedPoll(peers)).toBe(expected);
  });
});
