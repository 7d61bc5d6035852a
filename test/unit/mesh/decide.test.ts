import { describe, expect, it } from "vitest";
import type { Config } from "../../../src/config/config.ts";
import type { Affiliate } from "../../../src/discovery/affiliate.ts";
import {
  type Decision,
  decide,
  emptyMemory,
  harvestDueIn,
  type Memory,
  noWays,
} from "../../../src/mesh/index.ts";
import { reportStatus } from "../../../src/mesh/report.ts";
import { hostPrefix } from "../../../src/net/index.ts";
import type { ObservedDevice } from "../../../src/wireguard/index.ts";
import { claimsOf } from "../members/claims-of.ts";
import { address, affiliate, config, endpoint, key, prefix, self } from "./values.ts";

const now = 1_700_000_000_000;
const two = affiliate(
  2,
  { additionalAddresses: [prefix("10.244.2.0/24")] },
  { addresses: [address("198.51.100.2")] },
);
const three = affiliate(
  3,
  { additionalAddresses: [prefix("10.244.3.0/24")] },
  { addresses: [address("198.51.100.3")] },
);

/** Node 2 is connected, from a port that it does not announce; node 3 is not. */
const device: ObservedDevice = {
  listenPort: 51820,
  firewallMark: 0x20,
  peers: new Map([
    [
      key(2),
      {
        publicKey: key(2),
        endpoint: endpoint("203.0.113.7:1024"),
        allowedIPs: [],
        handshakeAt: now - 5000,
        receivedBytes: 100,
        sentBytes: 200,
        keepaliveSeconds: 25,
      },
    ],
  ]),
};
const knowledge = (
  changes: Partial<Config>,
  affiliates: readonly Affiliate[] = [two, three],
): Parameters<typeof decide>[0] => ({
  self,
  config: config(changes),
  claims: claimsOf(affiliates),
  standings: new Map(),
  registries: [],
  ways: noWays,
  addresses: [address("192.0.2.1")],
  networks: [],
  canRace: false,
  mapping: undefined,
  origin: { startedAt: now, machine: "" },
  lastNumber: 0,
  lastRanAt: 0,
});
const decided = (changes: Partial<Config>, memory: Memory = emptyMemory): Decision =>
  decide(knowledge(changes), device, memory, now);

describe("what is steered into the mesh", () => {
  it("is the traffic to all peers, up or not, and no KubeSpan address", () => {
    expect(decided({}).targets).toEqual(["10.244.2.0/23", "198.51.100.2/31"]);
  });

  it("leaves out peers that are not up where the operator allows it", () => {
    expect(decided({ allowDownPeerBypass: true }).targets).toEqual(["10.244.2.0/24", "198.51.100.2/32"]);
  });
});

it.each([25, 7])("lets no more than keepalive: %i seconds pass between packets to a peer", (keepalive) => {
  const { peers } = decided({ keepalive }).polled;
  expect(peers.map(({ keepaliveSeconds }) => keepaliveSeconds)).toEqual([keepalive, keepalive]);
});

it("asks the holder of an address as soon as another connected member claims it, if nothing was received since", () => {
  const virtual = address("198.51.100.50");
  const both = [2, 3].map((number) => affiliate(number, {}, { addresses: [virtual] }));
  const since = (at: number) => ({
    isConnected: true,
    isConfirmed: true,
    isNamed: true,
    announcedAt: at,
    claimedSince: new Map([[hostPrefix(virtual), at]]),
  });
  const claimedAt = now + 1_000;
  const standings = new Map([
    ["id002", since(0)],
    ["id003", since(claimedAt)],
  ]);
  const known = { ...knowledge({}, both), standings, canRace: true };
  const first = { ...known, standings: new Map([["id002", since(0)]]) };
  const { allowedIPs = [] } = decide(first, device, emptyMemory, now).specs.peers[0] ?? {};
  const peers = new Map([...device.peers].map(([of, peer]) => [of, { ...peer, allowedIPs }]));
  const idle = { ...device, peers };
  const before = decide(first, idle, emptyMemory, now);
  expect(before.polled.races.map(({ publicKey }) => publicKey)).not.toContain(key(2));
  const after = decide(known, idle, before.memory, claimedAt + 50);
  expect(after.polled.races.map(({ publicKey }) => publicKey)).toContain(key(2));
});

describe("harvest", () => {
  it("is off unless asked for", () => {
    expect(decided({}).announcement.observed.size).toBe(0);
  });

  it("publishes where a connected peer is seen, if it does not say so itself, when it is our turn", () => {
    const first = decided({ harvestExtraEndpoints: true });
    const dueIn = harvestDueIn(first.memory, now) ?? expect.fail("it has nothing to publish");
    const later = decide(knowledge({ harvestExtraEndpoints: true }), device, first.memory, now + dueIn);
    expect(first.announcement.observed.size).toBe(0);
    expect([...later.announcement.observed]).toEqual([["id002", ["203.0.113.7:1024"]]]);
    expect(harvestDueIn(later.memory, now + dueIn)).toBeUndefined();
  });

  it("goes on publishing what the registry lists because we published it", () => {
    const listed = affiliate(2, {
      endpoints: [endpoint("198.51.100.2:51820"), endpoint("203.0.113.7:1024")],
    });
    const again = (memory: Memory): Decision =>
      decide(knowledge({ harvestExtraEndpoints: true }, [listed]), device, memory, now);
    const published = new Map([["id002", [endpoint("203.0.113.7:1024")]]]);
    const ours = { ...emptyMemory, harvest: { published, turns: new Map() } };
    expect(again(emptyMemory).announcement.observed.size).toBe(0);
    expect(again(ours).announcement.observed.size).toBe(1);
  });
});

it("reports peers as an operator wants to see them", () => {
  const noNetworks = { targets: [], pods: [], tolerated: [], own: [], ownPods: [] };
  const decision = decided({});
  const routing = { rules: [], copies: [], ahead: [], routes: [], hasBarrier: false, mainRoutes: [] };
  const scope = { interfaceName: "kubespan", table: 180, priority: 32500, marks: config().marks };
  const kernel = {
    links: [],
    addresses: { usable: [], leftOut: [] },
    routing: {
      scope,
      ipv6: true,
      ipv4Routing: routing,
      ipv6Routing: routing,
      linkAddresses: [],
      answered: [],
    },
  };
  const status = reportStatus(
    knowledge({}),
    {
      last: { decision, device, implementation: "kernel", kernel, steered: noNetworks },
      counted: {
        dropped: { outside: 0, tunnel: 0, entering: 0, leaving: 0, unaccepted: 0 },
        masqueraded: 0,
      },
      engine: undefined,
      process: { pid: 1, startedAt: now, work: { state: "working" } },
      error: undefined,
      relay: { serves: false, pairs: 0, passed: 0, refused: 0, bytes: 0 },
      protection: { table: "shared" as const, links: "whole" as const },
      racing: { mode: "serial" as const, works: false },
      portMapping: { state: "missing" as const, why: "portMapping is off" },
      settings: [],
      repairs: { table: 0, routing: 0, link: 0, settings: 0 },
      membership: {
        members: new Map(),
        refused: [],
        clockFacts: { lastRanAt: 0, announcements: 0, ahead: 0 },
      },
    },
    now,
  );
  expect(status.peers[0]?.candidates).toEqual([
    { endpoint: "198.51.100.2:51820", kind: "public-ipv4", reason: "a public IPv4 address" },
  ]);
  expect(
    status.peers.map(({ label, state, endpoint: used, handshakeAgeSeconds }) => [
      label,
      state,
      used,
      handshakeAgeSeconds,
    ]),
  ).toEqual([
    ["node-2", "up", "203.0.113.7:1024", 5],
    ["node-3", "unknown", undefined, undefined],
  ]);
  expect(JSON.stringify(status)).not.toContain(config().cluster.secret.revealBase64());
});
