import { describe, expect, test } from "vitest";
import { announce } from "../../../src/mesh/announce.ts";
import { emptyMemory, type Knowledge, type Memory, noWays } from "../../../src/mesh/index.ts";
import { talosMovedAt } from "../../../src/mesh/talos-moved.ts";
import type { Connection } from "../../../src/peers/index.ts";
import { address, affiliate, config, endpoint, key, self } from "./values.ts";

const now = 1_700_000_000_000;

/** What a node knows of which a member says that it is at 198.51.100.9. */
const knowing = (changes: Partial<Knowledge>): Knowledge => ({
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
});

/** What a node announces of which a member says that it is at 198.51.100.9. */
const announcedBy = (changes: Partial<Knowledge>): readonly string[] =>
  announce(knowing(changes), emptyMemory, [], now).said.affiliate.kubespan?.endpoints ?? [];

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

const saidAfter = (memory: Memory, at: number, changes: Partial<Knowledge>): Memory => ({
  ...memory,
  ...announce(knowing(changes), memory, [], at).memory,
});

test("what is refused is announced, so that its node learns of it, and the numbers of the announcement grow by it once", () => {
  const refused = [{ nodeId: "x".repeat(43), reason: "it is dated ahead" }];
  const before = saidAfter(emptyMemory, now, {});
  const first = saidAfter(before, now + 1, { registries: [{ ...registry("one"), refused }] });
  expect(first.said?.affiliate.membership?.refusals).toEqual(refused);
  expect(first.said?.number).toBeGreaterThan(before.said?.number ?? 0);
  const again = saidAfter(first, now + 2, { registries: [{ ...registry("one"), refused }] });
  expect(again.said?.number).toBe(first.said?.number);
});

test("addresses do not give way to refusals", () => {
  const many = Array.from({ length: 150 }, (_, index) => address(`2001:db8::${index + 1}`));
  const refused = [{ nodeId: "x".repeat(43), reason: "it is dated ahead".repeat(10) }];
  const affiliateWith = (registries: Knowledge["registries"]) =>
    announce(knowing({ addresses: many, registries }), emptyMemory, [], now).said.affiliate;
  const [plain, told] = [affiliateWith([]), affiliateWith([{ ...registry("one"), refused }])];
  expect(told.addresses).toEqual(plain.addresses);
  expect(told.membership?.refusals).toBeUndefined();
});

describe("a Talos peer that was moved", () => {
  const talos = affiliate(2, {}, { operatingSystem: "Talos (v1.13.0)" });
  const [from, to] = [endpoint("198.51.100.2:51820"), endpoint("203.0.113.2:51820")];
  const connections = new Map([
    [key(2), { path: { lastChange: { at: now, from, to, reason: "" } } } as unknown as Connection],
  ]);

  test("counts once something was sent from where this node is now, and no other peer does", () => {
    expect(talosMovedAt([talos], connections, now + 4_999)).toBeUndefined();
    expect(talosMovedAt([talos], connections, now + 5_000)).toBe(now);
    expect(talosMovedAt([affiliate(2)], connections, now + 5_000)).toBeUndefined();
    expect(talosMovedAt([talos], new Map(), now + 5_000)).toBeUndefined();
  });

  test("is told the same again, once, under a new number", () => {
    const knowledge = knowing({});
    const say = (before: Memory, movedAt?: number) => {
      const { memory, said } = announce(knowledge, before, [], now, movedAt);
      return { said, memory: { ...before, ...memory } };
    };
    const first = say(emptyMemory);
    expect(say(first.memory).said).toEqual(first.said);
    const again = say(first.memory, now);
    expect(again.said.number).toBeGreaterThan(first.said.number);
    expect({ ...again.said.affiliate, membership: {} }).toEqual({ ...first.said.affiliate, membership: {} });
    expect(say(again.memory, now).said).toEqual(again.said);
    expect(say(again.memory).said).toEqual(again.said);
    expect(say(again.memory, now + 1).said.number).toBeGreaterThan(again.said.number);
  });
});
