import { expect, test } from "vitest";
import { firstStandIns, joinedStandIns } from "../../../src/peers/candidates/joined.ts";
import type { StandIn, StandIns } from "../../../src/peers/candidates/stand-ins.ts";
import { wayTo, withStandIns } from "../../../src/peers/candidates/stand-ins.ts";
import type { Connection } from "../../../src/peers/connection.ts";
import { isInVain } from "../../../src/peers/in-vain.ts";
import { endpoint } from "../mesh/values.ts";

const [direct, relay, door] = [
  endpoint("203.0.113.1:51820"),
  endpoint("203.0.113.9:51820"),
  endpoint("127.0.0.1:40000"),
];
const standIns = (standIn: StandIn): StandIns => ({
  all: new Map([[standIn.endpoint, standIn]]),
  of: () => [standIn],
});
const relayed = standIns({ kind: "relayed", endpoint: relay, via: "R", owner: "key of R" });
const carried = standIns({ kind: "carried", endpoint: door, via: "https://service" });
const spec = {
  publicKey: "key",
  candidates: [{ endpoint: direct, kind: "public-ipv4", reason: "", class: 2 }],
  endpoints: [direct],
  refusedCandidates: [],
} as const;

test("what a service carries comes after relays, which come after all that is direct", () => {
  const both = joinedStandIns(relayed, carried);
  const known = withStandIns(spec, both);
  expect(known.candidates.map(({ kind }) => kind)).toEqual(["public-ipv4", "relayed", "carried"]);
  expect(known.candidates.at(-1)?.reason).toContain("https://service carries");
  expect([direct, relay, door].map((each) => wayTo(known, each).kind)).toEqual([
    "direct",
    "relayed",
    "carried",
  ]);
});

test("what is joined stays the same object while its parts do, and its first part can be had back", () => {
  const both = joinedStandIns(relayed, carried);
  expect(joinedStandIns(relayed, carried)).toBe(both);
  expect(joinedStandIns(relayed, { ...carried })).not.toBe(both);
  expect(firstStandIns(both)).toBe(relayed);
  expect([joinedStandIns(relayed, undefined), joinedStandIns(undefined, carried)]).toEqual([
    relayed,
    carried,
  ]);
  expect([firstStandIns(carried), firstStandIns(undefined)]).toEqual([carried, undefined]);
});

const after = (phase: "connecting" | "doubted" | "up", rounds: number, attempts = 0): Connection =>
  ({ phase, race: { rounds }, counters: {}, attempt: { round: attempts } }) as unknown as Connection;

test("a peer needs a door after some rounds in vain, and never while it is up", () => {
  expect([0, 1, 2, 9].map((rounds) => isInVain(after("connecting", rounds)))).toEqual([
    false,
    false,
    true,
    true,
  ]);
  expect([2, 5, 6].map((rounds) => isInVain(after("doubted", rounds)))).toEqual([false, false, true]);
  expect(isInVain(after("connecting", 0, 1))).toBe(true);
  expect([isInVain(after("up", 99, 9)), isInVain(undefined)]).toEqual([false, false]);
});
