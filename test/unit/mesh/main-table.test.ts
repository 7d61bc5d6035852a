import { expect, it } from "vitest";
import type { Decision } from "../../../src/mesh/index.ts";
import { mainRoutesFor } from "../../../src/mesh/main-table.ts";
import type { Endpoint } from "../../../src/net/index.ts";
import type { DesiredRouting } from "../../../src/routing/index.ts";
import { address, config, endpoint, peerSpec, prefix } from "./values.ts";

const routing: DesiredRouting = {
  address: address("fd00:0:0:2::1"),
  ipv4Source: address("192.0.2.1"),
  mtu: 1420,
  isClosed: true,
};
const networks = {
  targets: ["192.0.2.2/32", "10.244.2.0/24", "10.244.3.0/24", "172.20.0.0/16"].map(prefix),
  pods: ["10.244.2.0/23", "10.244.9.0/24"].map(prefix),
};
const decision = (candidates: readonly Endpoint[], used?: Endpoint): Pick<Decision, "specs" | "polled"> =>
  ({
    specs: { peers: [peerSpec(2, candidates)] },
    polled: { memory: { connections: new Map([["key", used ? { path: { endpoint: used } } : {}]]) } },
  }) as unknown as Decision;

const on = config({ podNetworks: { mainTable: true, source: "kubernetes" } });
const routesOf = (candidates: readonly Endpoint[] = [], used?: Endpoint) =>
  mainRoutesFor(on, networks, decision(candidates, used), routing)?.networks;

it("is off by default", () => {
  expect(mainRoutesFor(config(), networks, decision([]), routing)).toBeUndefined();
});

it("has the pod networks that are steered: neither nodes, nor other networks, nor what nobody was granted", () => {
  expect(routesOf()).toEqual(["10.244.2.0/23"].map(prefix));
});

it("leaves out a network in which a peer is or may be dialled, or WireGuard's own packets would come back", () => {
  expect(routesOf([endpoint("10.244.3.7:51820")])).toEqual([]);
  expect(routesOf([], endpoint("10.244.3.7:51820"))).toEqual([]);
  expect(routesOf([endpoint("192.0.2.2:51820")])).toEqual([prefix("10.244.2.0/23")]);
});

it("has no IPv4 routes where the link carries no IPv4", () => {
  const { sources } = mainRoutesFor(on, networks, decision([]), { ...routing, carriesIPv4: false }) ?? {};
  expect(sources).toEqual({ 6: "fd00:0:0:2::1" });
});
