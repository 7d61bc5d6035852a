import { describe, expect, test } from "vitest";
import type { Config } from "../../../src/config/index.ts";
import {
  type Decision,
  decide,
  desiredRouting,
  emptyMemory,
  noWays,
  ownSide,
} from "../../../src/mesh/index.ts";
import { type Link, type ObservedRouting, ownAddresses, planRouting } from "../../../src/routing/index.ts";
import { address, affiliate, config, prefix, self } from "./values.ts";

const now = 1_700_000_000_000;
const noRouting = { rules: [], copies: [], ahead: [], routes: [], hasBarrier: false, mainRoutes: [] };
const observed: ObservedRouting = {
  scope: { interfaceName: "kubespan", ...config().routing, marks: config().marks },
  ipv6: true,
  ipv4Routing: noRouting,
  ipv6Routing: noRouting,
  linkAddresses: [],
  answered: [],
};

const link = (index: number, name: string, ...hosts: readonly string[]): Link => ({
  index,
  name,
  kind: undefined,
  up: true,
  mtu: 1500,
  hardwareAddress: undefined,
  isPort: false,
  addresses: hosts.map((text) => ({
    address: address(text),
    bits: text.includes(":") ? 128 : 32,
    scope: "global",
    deprecated: false,
    tentative: false,
  })),
});

/** The decision of a node with these links, and the texts of the steps to its routing. */
function passOf(
  links: readonly Link[],
  changes: Partial<Config> = {},
  others = [affiliate(2, {}, { addresses: [address("203.0.113.3")] })],
  [memory, at] = [emptyMemory, now],
): Decision & { readonly routing: string } {
  const settings = config(changes);
  const { interfaceName, advertisedPrefixes } = settings;
  const below = { links, addresses: ownAddresses(links, { interfaceName, advertisedPrefixes }) };
  const knowledge = {
    self,
    config: settings,
    claims: others.map((each, revision) => ({ affiliate: each, revision })),
    standings: new Map(
      others.map(({ nodeId }) => [
        nodeId,
        { isConnected: true, isConfirmed: true, isNamed: true, announcedAt: now, claimedSince: new Map() },
      ]),
    ),
    registries: [],
    ...ownSide(below),
    ways: noWays,
    canRace: false,
    mapping: undefined,
    origin: { startedAt: now, machine: "" },
    lastNumber: 0,
    lastRanAt: 0,
  };
  const decision = decide(knowledge, undefined, memory, at);
  const steps = planRouting(
    desiredRouting(settings, self, { ...below, routing: observed }, decision),
    observed,
  );
  return { ...decision, routing: steps.map(({ text }) => text).join("\n") };
}

describe("a node without an IPv4 address that peers accept", () => {
  const links = [link(2, "eth0", "2001:db8::1"), link(3, "clat", "192.0.0.1")];

  test("has no IPv4 route into the mesh, so that what would be lost is refused", () => {
    const { announcement, routing } = passOf(links);
    expect(announcement.own.addresses).toEqual(["2001:db8::1", self.address]);
    expect(routing).toContain("refuse IPv4 packets for the mesh while the link is gone");
    expect(routing).not.toContain("route IPv4 in table 180");
    expect(routing).toContain("route IPv6 in table 180");
  });

  test("has one for the pods whose network it advertises", () => {
    const { routing, warnings } = passOf(links, { advertisedPrefixes: [prefix("10.244.1.0/24")] });
    expect(routing).toContain("route IPv4 in table 180");
    expect(warnings).toEqual([]);
  });
});
