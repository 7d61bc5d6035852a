import { describe, expect, it } from "vitest";
import {
  bypassOf,
  type CniFacts,
  cniProgramsIn,
  cniWarnings,
  isOfOwnPods,
  linksWithFilters,
  type MeshView,
  nothingFound,
  parseMainRoute,
  readCilium,
  redirectsIn,
} from "../../../src/cni/index.ts";
import type { Prefix } from "../../../src/net/index.ts";

const prefixes = (...texts: string[]): Prefix[] => texts as Prefix[];
const routes = (...lines: string[]): CniFacts["routes"] =>
  lines.flatMap((line) => parseMainRoute(line) ?? []);
const mesh: MeshView = {
  interfaceName: "kubespan",
  targets: prefixes("203.0.113.2/32", "2001:db8::2/128", "10.244.2.0/24"),
  advertised: prefixes("10.244.1.0/24", "fd00:10:244:1::/64"),
  advertisesPods: true,
  localNetworks: [],
  hasMainRoutes: false,
};
const warned = (facts: Partial<CniFacts>, changes: Partial<MeshView> = {}): string[] =>
  cniWarnings({ ...nothingFound, ...facts }, { ...mesh, ...changes }).map(({ id }) => id);

describe("parseMainRoute", () => {
  it.each([
    ["10.244.2.0/24 via 203.0.113.2 dev eth0 proto 3 onlink ", "10.244.2.0/24", "203.0.113.2", "eth0", 3],
    [
      "fd00:10:244:2::/64 via 2001:db8::2 dev eth0 proto 12 metric 1024 pref medium",
      "fd00:10:244:2::/64",
      "2001:db8::2",
      "eth0",
      12,
    ],
    ["10.244.1.7 dev cali0123456789a scope 253", "10.244.1.7/32", undefined, "cali0123456789a", undefined],
    ["10.0.0.0/8 via inet6 fe80::1 dev eth0", "10.0.0.0/8", "fe80::1", "eth0", undefined],
  ])("reads %s", (line, network, gateway, link, protocol) => {
    expect(parseMainRoute(line)).toEqual({ network, type: "unicast", gateway, link, protocol });
  });

  it("reads Calico's blocks, by name and by number", () => {
    for (const type of ["blackhole", "6"])
      expect(parseMainRoute(`${type} 10.244.77.64/26 proto 80 `)).toMatchObject({
        type: "blackhole",
        protocol: 80,
      });
  });

  it.each(["default via 203.0.113.9 dev eth0", "", "nonsense", "999.0.0.0/8 dev x"])(
    "leaves out %j",
    (line) => {
      expect(parseMainRoute(line)).toBeUndefined();
    },
  );
});

describe("isOfOwnPods", () => {
  it.each([
    ["10.244.1.7 dev cali0123456789a scope 253", true],
    ["10.244.1.0/24 dev cni0 proto 2 scope 253 src 10.244.1.1", true],
    ["blackhole 10.244.77.64/26 proto 80", true],
    ["10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink", false],
    ["203.0.113.0/24 dev eth0 proto 2 scope 253 src 203.0.113.1", false],
    ["172.17.0.0/16 dev docker0 proto 2", false],
    ["blackhole 10.0.0.0/8 proto 3", false],
  ])("%s: %s", (line, expected) => {
    expect(routes(line).map(isOfOwnPods)).toEqual([expected]);
  });
});

describe("traffic control", () => {
  it("has filters where there is a place for them", () => {
    const text =
      "qdisc noqueue 0: dev lo root refcnt 2 \nqdisc clsact ffff: dev eth0 parent ffff:fff1 \nqdisc ingress ffff: dev veth1 parent ffff:fff1 ---------------- \n";
    expect(linksWithFilters(text)).toEqual(["eth0", "veth1"]);
  });

  it("names the programs of Cilium and Calico, each once", () => {
    const text =
      "filter protocol all pref 1 bpf chain 0 handle 0x1 cil_from_netdev-eth0 direct-action not_in_hw id 9\n" +
      "filter protocol all pref 1 bpf chain 0 handle 0x2 cil_from_netdev:[2] direct-action\n" +
      "filter protocol all pref 2 bpf chain 0 handle 0x1 cali_tc_preambl:[3] direct-action\n";
    expect(cniProgramsIn(text)).toEqual(["cil_from_netdev", "cali_tc_preambl"]);
  });

  it("tells where it redirects to", () => {
    const text =
      "filter protocol all pref 49152 matchall chain 0 \n\taction order 1: mirred (Egress Redirect to device eth0) stolen\n";
    expect(redirectsIn("veth1", text)).toEqual([{ link: "veth1", to: "eth0" }]);
    expect(redirectsIn("veth1", "mirred (Egress Mirror to device eth0) pipe")).toEqual([]);
  });
});

describe("readCilium", () => {
  it.each([
    ["#define ENABLE_HOST_ROUTING 1\n#define ENABLE_NODEPORT 1\n", undefined, "ebpf", true],
    ["#define ENABLE_IPV4 1\n", undefined, "legacy", false],
    [
      "#define ENABLE_IPV4 1\n",
      '{"EnableHostLegacyRouting":false,"KubeProxyReplacement":"true"}',
      "legacy",
      true,
    ],
    [undefined, '{"EnableHostLegacyRouting":true,"KubeProxyReplacement":"false"}', "legacy", false],
    [undefined, '{"EnableHostLegacyRouting":false}', "ebpf", undefined],
    [undefined, "{", "unknown", undefined],
    [undefined, "{}", "unknown", undefined],
    [undefined, undefined, "unknown", undefined],
  ])("%j and %j", (header, runtime, hostRouting, replacesKubeProxy) => {
    expect(readCilium({ header, runtime })).toEqual({ hostRouting, replacesKubeProxy });
  });
});

describe("bypassOf", () => {
  it("finds nothing where nothing is", () => {
    expect(bypassOf(nothingFound)).toBeUndefined();
  });

  it("takes a redirection for one only if it leads out", () => {
    const redirects = [{ link: "veth1", to: "eth0" }];
    expect(bypassOf({ ...nothingFound, redirects, uplinks: ["eth0"] })?.evidence).toBe("veth1 to eth0");
    expect(bypassOf({ ...nothingFound, redirects, uplinks: ["eth1"] })).toBeUndefined();
  });
});

describe("cniWarnings", () => {
  const hostGw = "10.244.3.0/24 via 203.0.113.2 dev eth0 proto 3";

  it("warns of a route to a peer for a network that it does not advertise", () => {
    expect(warned({ routes: routes(hostGw) })).toEqual(["clear_routes"]);
    expect(warned({ routes: routes("fd00:10:244:3::/64 via 2001:db8::2 dev eth0") })).toEqual([
      "clear_routes",
    ]);
  });

  it.each([
    ["what the peer advertises", "10.244.2.0/24 via 203.0.113.2 dev eth0"],
    ["what leads to somebody else", "10.244.3.0/24 via 203.0.113.77 dev eth0"],
    ["what an overlay carries", "10.244.3.0/24 via 10.244.2.0 dev flannel.1 onlink"],
    ["what leads into the mesh", "10.244.3.0/24 via 203.0.113.2 dev kubespan"],
    ["half of the world", "128.0.0.0/1 via 203.0.113.2 dev eth0"],
  ])("does not warn of %s", (_name, line) => {
    expect(warned({ routes: routes(line) })).toEqual([]);
  });

  it("leaves alone what the operator keeps outside", () => {
    expect(warned({ routes: routes(hostGw) }, { localNetworks: prefixes("10.244.3.0/24") })).toEqual([]);
  });

  it("warns of routes before those in the main table, where these are wanted", () => {
    const facts = { routes: routes("10.244.2.0/24 via 203.0.113.2 dev eth0") };
    expect(warned(facts)).toEqual([]);
    expect(warned(facts, { hasMainRoutes: true })).toEqual(["main_table_yields"]);
  });

  it("warns of pods outside of what this node advertises, if it advertises pods", () => {
    const facts = { routes: routes("10.244.1.9 dev cali1 scope 253", "10.244.9.9 dev cali2 scope 253") };
    expect(warned(facts)).toEqual(["pods_elsewhere"]);
    expect(warned(facts, { advertisesPods: false })).toEqual([]);
    expect(warned(facts, { advertised: [] })).toEqual([]);
  });

  it("asks for the main table where Cilium does the work of kube-proxy", () => {
    const cilium = { hostRouting: "legacy", replacesKubeProxy: true } as const;
    expect(warned({ cilium })).toEqual(["main_table"]);
    expect(warned({ cilium }, { hasMainRoutes: true })).toEqual([]);
    expect(warned({ cilium: { ...cilium, replacesKubeProxy: false } })).toEqual([]);
  });
});

describe("Flannel without a tunnel", () => {
  const flannel = { networks: prefixes("10.244.1.0/24", "fd00:10:244:1::/64"), hasTunnel: false };

  it("is warned of where the node does not advertise its pods, whatever routes there are", () => {
    expect(warned({ flannel }, { advertised: [], advertisesPods: false })).toEqual(["flannel"]);
    expect(warned({ flannel }, { advertised: prefixes("10.244.1.0/24") })).toEqual(["flannel"]);
  });

  it("is fine where the node advertises them, or keeps them out of the mesh on purpose", () => {
    expect(warned({ flannel })).toEqual([]);
    const localNetworks = prefixes("10.244.0.0/16", "fd00:10:244::/48");
    expect(warned({ flannel }, { advertised: [], advertisesPods: false, localNetworks })).toEqual([]);
  });

  it("is not judged before Kubernetes has said which networks these are", () => {
    expect(warned({ flannel }, { advertised: [] })).toEqual([]);
  });

  it("is none with VXLAN", () => {
    const facts = { flannel: { ...flannel, hasTunnel: true } };
    expect(warned(facts, { advertised: [], advertisesPods: false })).toEqual([]);
  });
});
