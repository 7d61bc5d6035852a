import { describe, expect, it } from "vitest";
import {
  flannelNetworks,
  hostLocalRanges,
  parseMainRoute,
  podNetworksOfNode,
} from "../../../src/cni/index.ts";
import type { Prefix } from "../../../src/net/index.ts";

const found = (lines: readonly string[], ranges: readonly string[] = []): readonly Prefix[] =>
  podNetworksOfNode({
    routes: lines.flatMap((line) => parseMainRoute(line) ?? []),
    ranges: ranges as Prefix[],
  });

describe("podNetworksOfNode", () => {
  it.each<[string, readonly string[], readonly string[], readonly string[]]>([
    [
      "Calico's blocks, and a pod in a block of another node",
      [
        "blackhole 10.244.77.64/26 proto 80",
        "10.244.77.65 dev cali1 scope 253",
        "10.244.9.7 dev cali2 scope 253",
      ],
      [],
      ["10.244.9.7/32", "10.244.77.64/26"],
    ],
    [
      "Cilium's own network, and none of the others",
      [
        "10.0.1.0/24 via 10.0.1.5 dev cilium_host proto 2 src 10.0.1.5",
        "10.0.2.0/24 via 10.0.1.5 dev cilium_host proto 2 src 10.0.1.5 mtu 1370",
      ],
      [],
      ["10.0.1.0/24"],
    ],
    [
      "a bridge and the range behind it, once",
      ["10.244.1.0/24 dev cni0 proto 2 scope 253 src 10.244.1.1"],
      ["10.244.1.0/24"],
      ["10.244.1.0/24"],
    ],
    ["a range alone", [], ["10.244.1.0/24"], ["10.244.1.0/24"]],
    [
      "networks of nodes and overlays",
      ["203.0.113.0/24 dev eth0 proto 2", "10.244.2.0/24 via 10.244.2.0 dev flannel.1"],
      [],
      [],
    ],
    ["what can be no pod's", ["blackhole 169.254.0.0/16 proto 80"], [], []],
  ])("%s", (_name, lines, ranges, expected) => {
    expect(found(lines, ranges)).toEqual(expected);
  });

  it("names at most 64 single pods", () => {
    const pods = Array.from({ length: 100 }, (_, at) => `10.244.${at}.7 dev cali${at}a scope 253`);
    expect(found(pods)).toHaveLength(64);
  });
});

describe("hostLocalRanges", () => {
  const ipam = {
    type: "host-local",
    ranges: [[{ subnet: "10.244.1.0/24" }], [{ subnet: "fd00:10:244:1::/64" }]],
  };

  it.each([
    [{ plugins: [{ type: "ptp", ipam }, { type: "portmap" }] }, ["10.244.1.0/24", "fd00:10:244:1::/64"]],
    [{ type: "bridge", ipam: { type: "host-local", subnet: "10.244.1.0/24" } }, ["10.244.1.0/24"]],
    [{ plugins: [{ ipam: { type: "host-local", subnet: "usePodCidr" } }] }, []],
    [{ plugins: [{ ipam: { type: "calico-ipam" } }] }, []],
    [{ plugins: "none" }, []],
  ])("%j", (list, expected) => {
    expect(hostLocalRanges(JSON.stringify(list))).toEqual(expected);
  });

  it("reads nothing from what is no JSON", () => {
    expect(hostLocalRanges("{")).toEqual([]);
  });
});

it("reads Flannel's networks from the addresses of its bridge", () => {
  const text =
    "FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_IPV6_SUBNET=fd00:10:244:1::1/64\nFLANNEL_MTU=1370\n";
  expect(flannelNetworks(text)).toEqual(["10.244.1.0/24", "fd00:10:244:1::/64"]);
});
