import { describe, expect, it } from "vitest";
import type { Step } from "../../../src/base/index.ts";
import {
  type DesiredMainRoutes,
  type MainTableRoute,
  parseMainTable,
  planMainRefusals,
  planMainTable,
  refusedIn,
} from "../../../src/routing/index.ts";
import { address, prefix } from "../mesh/values.ts";

const scope = {
  interfaceName: "kubespan",
  table: 180,
  priority: 32500,
  marks: { fromWireGuard: 0x20, toWireGuard: 0x40 },
};
const desired: DesiredMainRoutes = {
  networks: ["10.244.2.0/24", "fd00:10:244:2::/64"].map(prefix),
  mtu: 1420,
  sources: { 4: address("192.0.2.1"), 6: address("fd00:0:0:2::1") },
  isClosed: true,
};
const leading: MainTableRoute = {
  network: prefix("10.244.2.0/24"),
  refuses: false,
  mtu: 1420,
  source: address("192.0.2.1"),
};
const refusing: MainTableRoute = { ...leading, refuses: true, mtu: undefined, source: undefined };

const linesOf = (wanted: DesiredMainRoutes | undefined, observed: readonly MainTableRoute[]): string[] =>
  written(planMainTable(wanted, observed, scope));

const written = (steps: readonly Step[]): string[] =>
  steps.flatMap(({ stage, commands }) =>
    commands.flatMap(({ args, input }) =>
      String(input)
        .trimEnd()
        .split("\n")
        .map((line) => `${stage} ${args?.[0]} ${line}`),
    ),
  );

describe("planMainTable", () => {
  it("adds a route into the link for each network, and one that refuses behind it", () => {
    const [place, behind] = ["table 254 metric 65000 proto 180", "table 254 metric 65001 proto 180"];
    expect(linesOf(desired, [])).toEqual([
      `grow -4 route add unreachable 10.244.2.0/24 ${behind}`,
      `grow -4 route add 10.244.2.0/24 dev kubespan ${place} mtu 1420 src 192.0.2.1`,
      `grow -6 route add unreachable fd00:10:244:2::/64 ${behind}`,
      `grow -6 route add fd00:10:244:2::/64 dev kubespan ${place} mtu 1420 src fd00:0:0:2::1`,
    ]);
  });

  it("has nothing to do when all is there", () => {
    expect(linesOf({ ...desired, networks: [leading.network] }, [leading, refusing])).toEqual([]);
  });

  it("replaces a route of ours with another MTU or source", () => {
    for (const other of [{ mtu: 1280 }, { source: address("192.0.2.9") }])
      expect(
        linesOf({ ...desired, networks: [leading.network] }, [{ ...leading, ...other }, refusing]),
      ).toEqual([
        "grow -4 route replace 10.244.2.0/24 dev kubespan table 254 metric 65000 proto 180 mtu 1420 src 192.0.2.1",
      ]);
  });

  it("takes away what is not wanted any more, each by its own metric and protocol", () => {
    expect(linesOf(undefined, [leading, refusing])).toEqual([
      "shrink -4 route del 10.244.2.0/24 dev kubespan table 254 metric 65000 proto 180",
      "shrink -4 route del unreachable 10.244.2.0/24 table 254 metric 65001 proto 180",
    ]);
  });

  it("refuses nothing where traffic to lost peers may leave outside", () => {
    expect(linesOf({ ...desired, isClosed: false }, []).join()).not.toContain("unreachable");
  });

  it("leaves out a family without a source", () => {
    expect(linesOf({ ...desired, sources: { 6: address("fd00:0:0:2::1") } }, []).join()).not.toContain(
      " -4 ",
    );
  });
});

describe("parseMainTable", () => {
  const text = JSON.stringify([
    {
      dst: "10.244.2.0/24",
      dev: "kubespan",
      protocol: "180",
      prefsrc: "192.0.2.1",
      metric: 65000,
      metrics: [{ mtu: 1420 }],
    },
    { type: "7", dst: "10.244.2.0/24", protocol: "180", metric: 65001 },
    { dst: "10.244.3.0/24", dev: "other", protocol: "180", metric: 65000 },
    { dst: "10.244.4.0/24", dev: "kubespan", protocol: "180", metric: 5 },
    { dst: "default", dev: "kubespan", protocol: "180", metric: 65000 },
  ]);

  it("finds what this mesh made, and nothing of others", () => {
    expect(parseMainTable(text, scope)).toEqual([leading, refusing]);
    expect(parseMainTable(text, { ...scope, priority: 32600 })).toEqual([]);
    expect(parseMainTable("", scope)).toEqual([]);
  });
});

describe("planMainRefusals", () => {
  it("refuses each network, and leaves what is there", () => {
    const observed = [leading, refusing];
    expect(written(planMainRefusals(desired.networks, observed, scope))).toEqual([
      "grow -6 route add unreachable fd00:10:244:2::/64 table 254 metric 65001 proto 180",
    ]);
    expect(planMainRefusals([], observed, scope)).toEqual([]);
  });

  it("is for the networks that the routes of a mesh refuse", () => {
    expect(refusedIn(desired)).toEqual(desired.networks);
    expect(refusedIn({ ...desired, sources: { 6: address("fd00:0:0:2::1") } })).toEqual([
      prefix("fd00:10:244:2::/64"),
    ]);
    expect(refusedIn({ ...desired, isClosed: false })).toEqual([]);
    expect(refusedIn(undefined)).toEqual([]);
  });
});
