import { expect, test } from "vitest";
import { isLossEvent, parsePathExceptions, parsePathRoutes } from "../../../src/routing/index.ts";

const scope = {
  interfaceName: "kubespan",
  table: 180,
  priority: 32500,
  marks: { fromWireGuard: 0x20, toWireGuard: 0x40 },
};

test("the routes with an MTU of their own are told by protocol, metric and link, as ip prints them", () => {
  const ours = {
    dst: "10.9.0.0/24",
    dev: "kubespan",
    protocol: "180",
    prefsrc: "10.0.0.1",
    metric: 65_000,
    flags: [],
  };
  const text = JSON.stringify([
    { dst: "default", dev: "kubespan", protocol: "3", metrics: [{ mtu: 1420 }] },
    { ...ours, scope: "253", metrics: [{ mtu: 1216 }] },
    { ...ours, dst: "10.9.1.7", metrics: [] },
    { ...ours, dst: "10.9.2.0/24", protocol: "4" },
    { ...ours, dst: "10.9.3.0/24", metric: 7 },
    { ...ours, dst: "10.9.4.0/24", dev: "eth0" },
    { type: "7", dst: "default", metric: 4_278_190_080 },
  ]);
  expect(parsePathRoutes(text, scope)).toEqual([
    { network: "10.9.0.0/24", mtu: 1216, source: "10.0.0.1" },
    { network: "10.9.1.7/32", mtu: undefined, source: "10.0.0.1" },
  ]);
});

test("what routers said of single addresses is read in both families, and nothing else of the cache", () => {
  const text = JSON.stringify([
    { dst: "10.2.0.1", gateway: "10.1.0.254", dev: "va", cache: [], expires: 599, metrics: [{ mtu: 1400 }] },
    {
      dst: "fd02::1",
      gateway: "fd01::254",
      dev: "va",
      expires: 599,
      metrics: [{ mtu: 1280 }],
      pref: "medium",
    },
    { dst: "10.2.0.2", gateway: "10.1.0.1", dev: "va", cache: ["redirect"] },
  ]);
  expect([...parsePathExceptions(text)]).toEqual([
    ["10.2.0.1", 1400],
    ["fd02::1", 1280],
  ]);
});

test("a route that only adds an MTU may go without haste; the default route and the rule may not", () => {
  const lost = [
    "[ROUTE]Deleted 10.9.0.0/24 dev kubespan table 180 proto 180 scope link metric 65000 mtu 1216",
    "[ROUTE]Deleted default dev kubespan table 180 proto 3 scope link mtu 1420",
    "[RULE]Deleted 32500: from all fwmark 0x40/0x60 lookup 180 proto 180",
  ];
  expect(lost.map((line) => isLossEvent(line, scope))).toEqual([false, true, true]);
});
