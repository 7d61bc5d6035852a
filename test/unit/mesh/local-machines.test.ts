import { describe, expect, it, test } from "vitest";
import { doubtfulAddresses, hasMoved, yieldedAddresses } from "../../../src/mesh/local-machines.ts";
import { address, affiliate, endpoint, key, prefix } from "./values.ts";

const now = 1_700_000_000_000;
const at = endpoint("203.0.113.3:51820");
const nas = address("192.168.1.10");

interface Scene {
  readonly addresses?: readonly string[];
  readonly endpoint?: string;
  /** The endpoint at which the peer was last connected directly. */
  readonly working?: string;
  readonly reached?: readonly string[];
  readonly phase?: "up" | "connecting";
  readonly since?: number;
  readonly overAt?: number;
  readonly allowed?: boolean;
  readonly localNetworks?: readonly string[];
}

/** Finds the doubtful addresses of a peer that has the address of the file server, and is connected elsewhere. */
function found(scene: Scene = {}) {
  const endpointNow = endpoint(scene.endpoint ?? at);
  const working = endpoint(scene.working ?? endpointNow);
  const path = {
    endpoint: endpointNow,
    since: now - (scene.since ?? 10_000),
    changes: 0,
    known: [],
    probes: 1,
    overAt: now - (scene.overAt ?? 1_000),
  };
  const connection = { phase: scene.phase ?? "up", path };
  const facts = {
    claims: [
      { affiliate: affiliate(3, {}, { addresses: (scene.addresses ?? [nas]).map(address) }), revision: 1 },
    ],
    linkNetworks: [
      { network: prefix("192.168.1.0/24"), link: "eth0" },
      { network: prefix("203.0.114.0/24"), link: "eth1" },
      { network: prefix("fd12:3456:789a:1::/64"), link: "eth0" },
      { network: prefix("192.168.9.1/32"), link: "eth2" },
    ],
    config: {
      allowLocalMachineBypass: scene.allowed ?? true,
      localNetworks: (scene.localNetworks ?? []).map(prefix),
    },
  };
  const device = { peers: new Map([[key(3), observed(endpointNow)]]) };
  const memory = {
    peers: { connections: new Map([[key(3), connection]]) },
    lastWorking: new Map([[key(3), working]]),
    reached: new Map([[key(3), (scene.reached ?? []).map(address)]]),
  };
  return doubtfulAddresses(facts, device, memory as never, now);
}

const observed = (where: ReturnType<typeof endpoint>) => ({
  publicKey: key(3),
  endpoint: where,
  handshakeAt: now,
  allowedIPs: [],
  receivedBytes: 0,
  sentBytes: 0,
  keepaliveSeconds: 0,
});

test("a peer that is elsewhere, and was never reached there, may have lost its address to a machine around", () => {
  const [one, ...others] = found();
  expect(others).toEqual([]);
  expect(one).toEqual({ nodeId: "id003", publicKey: key(3), address: nas, link: "eth0", endpoint: at });
});

test("and one of IPv6", () => {
  expect(found({ addresses: ["fd12:3456:789a:1::10"] })).toMatchObject([{ link: "eth0" }]);
});

describe("the address stays the peer's", () => {
  it.each<[string, Scene]>([
    ["unless the operator says otherwise", { allowed: false }],
    ["if it is public, whatever answers", { addresses: ["203.0.114.9"] }],
    ["if it is in no network around", { addresses: ["192.168.2.10"] }],
    ["if the network is that of a single address", { addresses: ["192.168.9.1"] }],
    ["if the peer was ever reached there", { reached: [nas] }],
    ["while the peer is not connected", { phase: "connecting" }],
    ["while the peer is reached around", { endpoint: "192.168.1.77:51820" }],
    ["while somebody passes the packets on", { working: "203.0.113.99:51820" }],
    ["until it was asked at its other endpoints", { since: 10_000, overAt: 20_000 }],
    ["if it is nobody's in any case", { localNetworks: ["192.168.1.0/28"] }],
  ])("%s", (_case, scene) => {
    expect(found(scene)).toEqual([]);
  });

  it("or until a minute has passed in which it would have been asked", () => {
    expect(found({ since: 61_000, overAt: 120_000 })).toHaveLength(1);
  });
});

test("a peer does not get what another machine answers for, and nothing else is taken from it", () => {
  const doubtful = found({ addresses: [nas, "192.168.1.11"] });
  expect(yieldedAddresses(doubtful, new Set([nas]))).toEqual(new Map([["id003", [nas]]]));
  expect(yieldedAddresses(doubtful, new Set([address("192.168.1.12")]))).toEqual(new Map());
  expect(yieldedAddresses(doubtful, undefined)).toEqual(new Map());
});

test("a peer that moves asks for a new decision", () => {
  const doubtful = found();
  expect(hasMoved(doubtful, { peers: new Map([[key(3), observed(at)]]) })).toBe(false);
  expect(hasMoved(doubtful, { peers: new Map([[key(3), observed(endpoint("192.168.1.10:1"))]]) })).toBe(true);
  expect(hasMoved(doubtful, undefined)).toBe(true);
  expect(hasMoved([], undefined)).toBe(false);
});
