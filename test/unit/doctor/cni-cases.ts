import { type CniFacts, nothingFound, parseMainRoute } from "../../../src/cni/index.ts";
import type { Facts } from "../../../src/doctor/index.ts";
import type { Prefix } from "../../../src/net/index.ts";
import { soundNode } from "./node.ts";
import type { Case } from "./registry-cases.ts";

const cni = (changes: Partial<CniFacts>): Partial<Facts> => ({
  cni: { ...nothingFound, uplinks: ["eth0"], ...changes },
});
const routes = (...lines: string[]): Partial<Facts> =>
  cni({ routes: lines.flatMap((line) => parseMainRoute(line) ?? []) });
const fromNetdev = { link: "eth0", program: "cil_from_netdev" };
const fromContainer = { link: "lxc1", program: "cil_from_container" };

export const cniCases: readonly Case[] = [
  [
    "Cilium with eBPF host routing",
    cni({ cilium: { hostRouting: "ebpf", replacesKubeProxy: true }, programs: [fromNetdev] }),
    "cni.bypass",
    "error",
    /Cilium sends packets of pods by eBPF.*eth0: cil_from_netdev.*hostLegacyRouting.*mainTable/,
  ],
  [
    "Cilium at the uplink, whose configuration cannot be read",
    cni({ cilium: { hostRouting: "unknown", replacesKubeProxy: undefined }, programs: [fromNetdev] }),
    "cni.bypass",
    "error",
    /\/run\/cilium\/state.*cannot be read/,
  ],
  [
    "Cilium beside kube-proxy, whose configuration cannot be read",
    cni({ cilium: { hostRouting: "unknown", replacesKubeProxy: undefined }, programs: [fromContainer] }),
    "cni.bypass",
    "ok",
  ],
  [
    "Cilium instead of kube-proxy, with the kernel's routing",
    cni({ cilium: { hostRouting: "legacy", replacesKubeProxy: true }, programs: [fromNetdev] }),
    "cni.main_table",
    "warning",
    /NodePort.*podNetworks.mainTable: true/,
  ],
  [
    "a redirection from pods to the uplink",
    cni({ redirects: [{ link: "veth1", to: "eth0" }] }),
    "cni.bypass",
    "error",
    /veth1 to eth0/,
  ],
  [
    "a redirection to a link for shaping",
    cni({ redirects: [{ link: "eth0", to: "ifb0" }] }),
    "cni.bypass",
    "ok",
  ],
  [
    "host-gw without advertised networks",
    routes("10.244.3.0/24 via 203.0.113.2 dev eth0 proto 3"),
    "cni.clear_routes",
    "warning",
    /10\.244\.3\.0\/24 via 203\.0\.113\.2 dev eth0.*advertiseKubernetesNetworks/,
  ],
  [
    "Flannel without a tunnel",
    cni({ flannel: { networks: ["10.244.9.0/24" as Prefix], hasTunnel: false } }),
    "cni.flannel",
    "warning",
    /10\.244\.9\.0\/24.*advertiseKubernetesNetworks/,
  ],
  [
    "Flannel without a tunnel, and a Node with a pod network that is not advertised",
    {
      ...cni({ flannel: { networks: ["10.244.9.0/24" as Prefix], hasTunnel: false } }),
      settings: { ...soundNode.settings, networks: [], advertisesPods: false },
      services: [{ location: "https://192.0.2.1:6443", podNetworks: ["10.244.9.0/24" as Prefix] }],
    },
    "cni.flannel",
    "warning",
    /10\.244\.9\.0\/24/,
  ],
  [
    "Calico's IPAM outside of the Node's podCIDRs",
    routes("blackhole 10.244.77.64/26 proto 80"),
    "cni.pods_elsewhere",
    "warning",
    /10\.244\.77\.64\/26.*podNetworks\.source: node/,
  ],
  ["Calico", cni({ hasCalico: true }), "cni.calico_address", "note", /kubernetes-internal-ip/],
  [
    "Calico with eBPF",
    cni({ hasCalico: true, programs: [{ link: "cali1", program: "cali_tc_preamble" }] }),
    "cni.calico_ebpf",
    "warning",
    /cali1: cali_tc_preamble/,
  ],
];
