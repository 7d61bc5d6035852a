import { expect, test } from "vitest";
import { announce } from "../../../src/mesh/announce.ts";
import { emptyMemory, type Knowledge, type Memory, noWays } from "../../../src/mesh/index.ts";
import { address, config, endpoint, key, self } from "./values.ts";

const now = 1_700_000_000_000;
const nowhere = (): undefined => undefined;

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
  announce(knowing(changes), emptyMemory, nowhere, now).said.affiliate.kubespan?.endpoints ?? [];

test("a member's word does not take back what the router mapped", () => {
  expect(announcedBy({ portMapped: endpoint("203.0.113.1:51820") })).toEqual([
    "203.0.113.1:51820",
    "192.168.1.5:51820",
    "198.51.100.9:9",
  ]);
});

const mapped = (changes: Partial<Knowledge>) =>
  announce(knowing(changes), emptyMemory, nowhere, now).said.affiliate.membership?.mapped;

test("what the router mapped is told to be so, if it is announced", () => {
  const portMapped = endpoint("203.0.113.1:51820");
  expect(mapped({ portMapped })).toBe(portMapped);
  expect(mapped({ portMapped, registries: [registry("primary")] })).toBeUndefined(); // seen at another address
  expect(mapped({})).toBeUndefined();
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
  ...announce(knowing(changes), memory, nowhere, at).memory,
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
    announce(knowing({ addresses: many, registries }), emptyMemory, nowhere, now).said.affiliate;
  const [plain, told] = [affiliateWith([]), affiliateWith([{ ...registry("one"), refused }])];
  expect(told.addresses).toEqual(plain.addresses);
  expect(told.membership?.refusals).toBeUndefined();
});
