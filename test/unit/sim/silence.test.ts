import { expect, test } from "vitest";
import { percentile } from "../../../bench/report.ts";
import { flows, type SilenceScenario, simulateSilence } from "../../../sim/silence/index.ts";

/*
 * The daemon's decisions at both ends of pairs with two paths, in virtual time. `npm run bench:silence` does the same
 * with 1,000 peers.
 */
const minutes = 3;
const scenario = (changes: Partial<SilenceScenario>): SilenceScenario => ({
  seed: 1,
  peers: 24,
  flows,
  conditions: { loss: 0.05 },
  lastsMs: minutes * 60_000,
  roundTripMs: 100,
  ...changes,
});
const pairsOf = 24 / flows.length;

test.each<[string, Partial<SilenceScenario>, number]>([
  ["2 s at round trips up to 100 ms", { peers: 10 }, 2_000],
  ["4 s at round trips up to 300 ms", { peers: 10, roundTripMs: 300 }, 4_000],
  ["5 s at round trips up to 600 ms", { peers: 10, roundTripMs: 600 }, 5_000],
  ["4 s among a thousand", { peers: 10, among: 1_000 }, 4_000],
])("when a path dies, requests are answered again within %s", (_, changes, most) => {
  const death = { atMs: 60_000, every: 1 };
  const { healed, dead, losses } = simulateSilence(
    scenario({ flows: ["pings"], conditions: { loss: 0 }, lastsMs: 75_000, death, ...changes }),
  );
  expect(dead).toBe(10);
  expect(healed.length).toBe(10);
  expect(percentile(healed, 1)).toBeLessThan(most);
  expect(losses).toBe(0);
});

test("where one packet in twenty gets lost, nobody moves, and few are doubted", () => {
  const { moves, handshakes, losses } = simulateSilence(scenario({}));
  expect([...moves.values()]).toEqual([0, 0, 0, 0]);
  expect(handshakes / 24 / minutes).toBeLessThan(2);
  expect(losses).toBe(0);
});

test("data that goes one way is doubted ever later, and never moved", () => {
  const alone = { flows: ["one way"] as const, conditions: { loss: 0 } };
  const [short, long] = [1, 5].map((lasts) =>
    simulateSilence(scenario({ ...alone, lastsMs: lasts * 60_000 })),
  );
  for (const each of [short, long]) expect(each?.moves.get("one way")).toBe(0);
  const [first = 0, all = 0] = [short?.handshakes, long?.handshakes];
  expect(first).toBeGreaterThan(24); // some doubts at first
  expect(all - first).toBeLessThan(2 * first); // in four times as long
  expect(long?.unreadable).toBe(0);
});

test("bursts of loss and queues of 1.5 s bring bounded moves and handshakes, and nobody down", () => {
  const burst = { lastsMs: 3_000, everyMs: 60_000 };
  const bloat = { mostMs: 1_500, lastsMs: 20_000, everyMs: 60_000 };
  const { moves, handshakes, mostInASecond, losses, unreadable, data } = simulateSilence(
    scenario({ conditions: { loss: 0.05, burst, bloat } }),
  );
  for (const count of moves.values()) expect(count / 2 / pairsOf / minutes).toBeLessThan(1.5);
  expect(handshakes / 24 / minutes).toBeLessThan(8);
  expect(mostInASecond).toBeLessThan(100);
  expect(unreadable / data).toBeLessThan(0.03);
  expect(losses).toBe(0);
});

test("a peer to which nothing is sent is polled as seldom as ever", () => {
  const { polls, handshakes } = simulateSilence(scenario({ flows: ["idle"], conditions: { loss: 0 } }));
  const each = (polls.get("idle") ?? 0) / 24;
  expect(each).toBeLessThan((1.1 * minutes * 60_000) / 2_000);
  expect(handshakes / 24).toBeLessThan(3); // each path is measured once
});
