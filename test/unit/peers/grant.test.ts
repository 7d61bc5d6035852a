import { describe, expect, it } from "vitest";
import { type DialScope, pollPeers } from "../../../src/peers/all.ts";
import {
  type Circumstances,
  type Connection,
  mostKnocking,
  noPeers,
  type Peers,
  packetLimits,
} from "../../../src/peers/index.ts";
import type { ObservedDevice, ObservedPeer } from "../../../src/wireguard/index.ts";
import { endpoint, peerSpec } from "../mesh/values.ts";

const start = 1_700_000_000_000;
const there = endpoint("198.51.100.1:1");
const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `peer ${index}`);
const specOf = (publicKey: string) => peerSpec(1, [there, endpoint("198.51.100.2:2")], { publicKey });
const racing = { ownKey: "own", mayDialSerially: true };
const spent = (left: { readonly proven: number; readonly unproven: number }): Peers => ({
  ...noPeers,
  packets: {
    proven: { left: left.proven, at: start, count: 0 },
    unproven: { left: left.unproven, at: start, count: 0 },
  },
});

const granted = (before: Peers): string[] =>
  pollPeers(["a", "b"].map(specOf), undefined, before, start, "known", {
    racing,
    isProven: (publicKey) => publicKey === "a",
  }).races.map(({ publicKey }) => publicKey);

const filled = (now: number) =>
  pollPeers([], undefined, spent({ proven: 0, unproven: 0 }), now).memory.packets ?? expect.fail("none");

const called = (publicKey: string, more: Partial<ObservedPeer> = {}): ObservedPeer => ({
  publicKey,
  endpoint: there,
  allowedIPs: [],
  receivedBytes: 0,
  sentBytes: 148,
  keepaliveSeconds: 25,
  ...more,
});
const device = (peers: readonly ObservedPeer[]): ObservedDevice => ({
  listenPort: 51820,
  firewallMark: 0x20,
  peers: new Map(peers.map((each) => [each.publicKey, each])),
});
const dialled = (since: number): Connection => ({
  phase: "connecting",
  state: "down",
  received: { bytes: 0 },
  roundTrips: new Map(),
  path: undefined,
  attempt: { endpoint: there, since, round: 9, known: [there] },
  race: undefined,
  turn: undefined,
  counters: undefined,
});
const look = (
  peers: readonly ObservedPeer[],
  { since = start - 1_000, scope = "known" }: { since?: number; scope?: DialScope } = {},
  more: Circumstances = {},
) =>
  pollPeers(
    peers.map(({ publicKey }) => specOf(publicKey)),
    device(peers),
    { ...noPeers, connections: new Map(peers.map(({ publicKey }) => [publicKey, dialled(since)])) },
    start,
    scope,
    { racing, ...more },
  );
const parked = ({ peers }: ReturnType<typeof look>): string[] =>
  peers.flatMap(({ publicKey, action }) => (action.kind === "park" ? [publicKey] : []));
const isProven = (publicKey: string): boolean => publicKey === "proven";

describe("the budgets of proven and unproven peers", () => {
  it("do not compete", () => {
    expect(granted(spent({ proven: 2, unproven: 2 }))).toEqual(["a", "b"]);
    expect(granted(spent({ proven: 2, unproven: 1 }))).toEqual(["a"]);
    expect(granted(spent({ proven: 1, unproven: 2 }))).toEqual(["b"]);
  });

  it("fill with time, up to a limit", () => {
    expect(filled(start + 1_000)).toMatchObject({
      proven: { left: packetLimits.proven.perSecond },
      unproven: { left: packetLimits.unproven.perSecond },
    });
    expect(filled(start + 3_600_000).unproven.left).toBe(packetLimits.unproven.most);
  });
});

describe("peers that WireGuard calls by itself", () => {
  const crowd = names(mostKnocking).map((name) => called(name));

  it("take what they send from what flows in", () => {
    const peers = crowd.slice(0, 100);
    const { packets } = pollPeers(
      peers.map(({ publicKey }) => specOf(publicKey)),
      device(peers),
      spent({ proven: 0, unproven: 0 }),
      start + 1_000,
      "new",
      { racing },
    ).memory;
    expect(packets?.unproven.left).toBeLessThanOrEqual(packetLimits.unproven.perSecond - 100 / 5);
  });

  it("are left alone where they are too many and had their time, unless they were heard or proven", () => {
    const others = [
      called("heard", { receivedBytes: 148 }),
      called("proven"),
      called("up", { handshakeAt: start }),
    ];
    const since = start - 20_000;
    expect(parked(look([...crowd, ...others], { since }, { isProven })).toSorted()).toEqual(
      crowd.map(({ publicKey }) => publicKey).toSorted(),
    );
    expect(parked(look([...crowd, ...others], {}, { isProven }))).toEqual([]);
    expect(parked(look([...crowd.slice(1), ...others], { since }, { isProven }))).not.toContain("proven");
  });

  it("are left alone only right after the device was read, and not while there is room", () => {
    const since = start - 20_000;
    expect(parked(look(crowd, { since, scope: "new" }))).toEqual([]);
    expect(parked(look(crowd.slice(1), { since }))).toEqual([]);
  });

  it("wait as new ones do afterwards", () => {
    const [peer] = look(crowd, { since: start - 20_000 }).peers;
    expect(peer?.action).toEqual({ kind: "park" });
  });
});
