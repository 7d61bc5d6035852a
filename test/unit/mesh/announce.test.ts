import { expect, test } from "vitest";
import { announce } from "../../../src/mesh/announce.ts";
import { emptyMemory, type Knowledge, noWays } from "../../../src/mesh/index.ts";
import { address, config, endpoint, key, self } from "./values.ts";

const now = 1_700_000_000_000;

/** What a node announces of which a member says that it is at 198.51.100.9. */
function announcedBy(changes: Partial<Knowledge>): readonly string[] {
  const knowledge: Knowledge = {
    self,
    config: config(),
    claims: [],
    standings: new Map(),
    registries: [],
    ways: noWays,
    addresses: [address("192.168.1.5")],
    networks: [],
    canRace: false,
    mapping: undefined,
    observations: [
      { observer: key(2), by: "member", endpoint: endpoint("198.51.100.9:9"), since: now, at: now },
    ],
    origin: { startedAt: now, machine: "" },
    lastNumber: 0,
    lastRanAt: 0,
    ...changes,
  };
  return announce(knowledge, emptyMemory, [], now).said.affiliate.kubespan?.endpoints ?? [];
}

test("a member's word does not take back what the router mapped", () => {
  expect(announcedBy({ portMapped: endpoint("203.0.113.1:51820") })).toEqual([
    "203.0.113.1:51820",
    "192.168.1.5:51820",
    "198.51.100.9:9",
  ]);
});

const observations = [
  { observer: "stun:1", by: "server" as const, endpoint: endpoint("203.0.113.1:4711"), since: now, at: now },
];
const registry = (name: string) => ({
  name,
  location: "https://x",
  phase: "connected" as const,
  reflected: address("198.51.100.9"),
  affiliates: 0,
  refused: [],
});

test.each([
  ["the configuration names vouches", "primary", true],
  ["only members tell does not vouch", "192.0.2.1:3000 (told)", false],
])("a registry of which %s for what members say", (_, name, isAnnounced) => {
  const announced = announcedBy({ mapping: { observations, problems: [] }, registries: [registry(name)] });
  expect(announced.includes("198.51.100.9:9")).toBe(isAnnounced);
  expect(announced).toContain("203.0.113.1:4711");
});
