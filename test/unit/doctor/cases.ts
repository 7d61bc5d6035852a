import type { Facts } from "../../../src/doctor/index.ts";
import { clockCases } from "./clock-cases.ts";
import { cniCases } from "./cni-cases.ts";
import { kernelCases } from "./kernel-cases.ts";
import { lateCases } from "./late-cases.ts";
import { markCases } from "./mark-cases.ts";
import { ipv6OnOneLink, link, linksFrom, soundNode, withSysctl } from "./node.ts";
import { type Case, registryCases } from "./registry-cases.ts";
import { relayCases } from "./relay-cases.ts";
import { trafficCases } from "./traffic-cases.ts";

const { settings, kernel } = soundNode;
const without = (name: string): Partial<Facts> => ({
  tools: soundNode.tools.map((tool) => (tool.name === name ? { name, isInstalled: false } : tool)),
});
const port = (users: string[], wireguardLinks: string[]): Partial<Facts> => ({
  port: { value: { isTaken: true, users, wireguardLinks } },
});

export const cases: readonly Case[] = [
  ["not root", { userId: 1000 }, "privilege.root", "error", /sudo kubespan doctor/],
  ["no CAP_NET_ADMIN", { capabilities: { value: 0xfffn } }, "privilege.net_admin", "error", /0xfff\b/],
  [
    "capabilities not known",
    { capabilities: { unknown: "no /proc" } },
    "privilege.net_admin",
    "note",
    /no \/proc/,
  ],
  [
    "no configuration",
    { config: { state: "wrong", message: "there is none", hint: "make one" } },
    "config",
    "error",
    /there is none.*make one/,
  ],
  [
    "disabled",
    { config: { state: "valid", enabled: false, warnings: [] } },
    "config",
    "note",
    /enabled: false/,
  ],
  [
    "a configuration for all to read",
    { config: { state: "valid", enabled: true, warnings: ["mode 0644"] } },
    "config.file",
    "warning",
    /chmod 600/,
  ],
  ["no identity", { identity: { state: "absent" } }, "identity", "ok"],
  [
    "a damaged identity",
    { identity: { state: "damaged", message: "not JSON", hint: "restore it" } },
    "identity",
    "error",
    /not JSON.*restore it/,
  ],
  [
    "an identity for all to read",
    { identity: { state: "sound", nodeId: "x", mode: 0o644 } },
    "identity",
    "warning",
    /0644.*chmod 600/,
  ],
  [
    "WireGuard to be loaded",
    { kernel: { ...kernel, wireguard: "loadable" } },
    "wireguard",
    "ok",
    /modules-load\.d/,
  ],
  ...kernelCases,
  ["no nft", without("nft"), "tool.nft", "error", /apt-get install -y nftables/],
  [
    "no ip on Fedora",
    { ...without("ip"), distribution: { name: "Fedora", family: "redhat" } },
    "tool.ip",
    "error",
    /dnf install -y iproute"/,
  ],
  [
    "no wg on who knows what",
    { ...without("wg"), distribution: { name: "?", family: "other" } },
    "tool.wg",
    "error",
    /install wg/,
  ],
  [
    "an old nft",
    { tools: [{ name: "nft", isInstalled: true, version: "0.9.8" }] },
    "tool.nft",
    "note",
    /0\.9\.8/,
  ],
  [
    "no br_netfilter",
    withSysctl("net/bridge/bridge-nf-call-iptables", undefined),
    "module.br_netfilter",
    "warning",
    /modules-load\.d\/kubespan\.conf.*br_netfilter/,
  ],
  [
    "no br_netfilter, no Kubernetes",
    { ...withSysctl("net/bridge/bridge-nf-call-iptables", undefined), flavours: [] },
    "module.br_netfilter",
    "note",
  ],
  [
    "bridges not filtered",
    withSysctl("net/bridge/bridge-nf-call-iptables", "0"),
    "sysctl.bridge-nf-call-iptables",
    "warning",
    /sysctl\.d/,
  ],
  [
    "no forwarding, networks advertised",
    withSysctl("net/ipv4/ip_forward", "0"),
    "sysctl.ip_forward",
    "note",
    /net\.ipv4\.ip_forward = 1/,
  ],
  [
    "no forwarding on a Kubernetes node",
    { ...withSysctl("net/ipv4/ip_forward", "0"), settings: { ...settings, advertises: false } },
    "sysctl.ip_forward",
    "warning",
  ],
  [
    "strict reverse path",
    withSysctl("net/ipv4/conf/all/rp_filter", "1"),
    "sysctl.rp_filter",
    "warning",
    /net\.ipv4\.conf\.all\.rp_filter=2/,
  ],
  [
    "strict reverse path for new links",
    withSysctl("net/ipv4/conf/default/rp_filter", "1"),
    "sysctl.rp_filter",
    "note",
  ],
  ["no IPv6", withSysctl("net/ipv6/conf/all/disable_ipv6", "1"), "ipv6", "warning"],
  ["IPv6 switched off for all links, and on for one", ipv6OnOneLink, "ipv6", "ok"],
  ["systemd-networkd", { networkdTakesRules: true }, "networkd", "note", /networkd\.conf\.d/],
  [
    "a foreign link of our name",
    { links: linksFrom(link("kubespan", 1500, "bridge")) },
    "link",
    "error",
    /bridge.*interfaceName/,
  ],
  ["our own link", { links: linksFrom(link("kubespan", 1420, "wireguard")) }, "link", "ok"],
  ["links not known", { links: { unknown: "no ip" } }, "link", "note"],
  [
    "port taken by a program",
    port(["openvpn (pid 7)"], []),
    "port",
    "error",
    /openvpn \(pid 7\).*listenPort/,
  ],
  [
    "port taken by Flannel's WireGuard",
    port([], ["flannel-wg"]),
    "port",
    "error",
    /WireGuard link flannel-wg/,
  ],
  ["port taken by our link", port([], ["kubespan"]), "port", "ok"],
  [
    "a foreign rule",
    { routing: { value: { foreignRules: ["from 10.0.0.1"], foreignRoutes: [], ahead: [] } } },
    "routing",
    "error",
    /from 10\.0\.0\.1.*routing\.table/,
  ],
  [
    "a foreign route",
    { routing: { value: { foreignRules: [], foreignRoutes: ["default dev wg0"], ahead: [] } } },
    "routing",
    "error",
    /default dev wg0/,
  ],
  [
    "a rule before ours",
    {
      routing: {
        value: {
          foreignRules: [],
          foreignRoutes: [],
          ahead: [{ who: "IPv4 routing rule 5270", what: "comes before the mesh's" }],
        },
      },
    },
    "routing.ahead",
    "warning",
    /IPv4 routing rule 5270/,
  ],
  ["a small uplink", { links: linksFrom(link("eth0", 1400)) }, "mtu.eth0", "warning", /mtu: 1320/],
  [
    "an uplink too small to help",
    { links: linksFrom(link("eth0", 1300)) },
    "mtu.eth0",
    "warning",
    /raise the MTU/,
  ],
  [
    "Flannel for Ethernet",
    { links: linksFrom(link("flannel.1", 1450, "vxlan")) },
    "mtu.flannel.1",
    "warning",
    /at most 1370.*\\"MTU\\": 1420/,
  ],
  [
    "Flannel over IPv6, as large as it may be over IPv4",
    { links: linksFrom(link("flannel-v6.1", 1370, "vxlan")) },
    "mtu.flannel-v6.1",
    "warning",
    /at most 1350.*\\"MTU\\": 1400/,
  ],
  [
    "Calico VXLAN over IPv6, as large as it may be over IPv4",
    { links: linksFrom(link("vxlan-v6.calico", 1370, "vxlan")) },
    "mtu.vxlan-v6.calico",
    "warning",
    /vxlanMTUV6\\":1350/,
  ],
  [
    "Calico VXLAN for Ethernet",
    { links: linksFrom(link("vxlan.calico", 1450, "vxlan")) },
    "mtu.vxlan.calico",
    "warning",
    /vxlanMTU\\":1370/,
  ],
  [
    "Calico IPIP for Ethernet",
    { links: linksFrom(link("tunl0", 1480, "ipip")) },
    "mtu.tunl0",
    "warning",
    /ipipMTU\\":1400/,
  ],
  [
    "encryption twice",
    { links: linksFrom(link("wireguard.cali", 1340, "wireguard")) },
    "encryption.wireguard.cali",
    "note",
    /wireguardEnabled/,
  ],
  ...cniCases,
  ...lateCases,
  ...markCases,
  ...clockCases,
  ...relayCases,
  ...trafficCases,
  ...registryCases,
];
