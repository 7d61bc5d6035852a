import type { Block } from "../../../src/marks/index.ts";
import type { Prefix } from "../../../src/net/index.ts";
import { link, linksFrom, soundNode, withSysctl } from "./node.ts";
import type { Case } from "./registry-cases.ts";

const block = (change: Partial<Block>): { firewall: Block[] } => ({
  firewall: [
    {
      hook: "input",
      manager: "nobody",
      place: { tool: "nft", table: "inet filter", chain: "input" },
      where: "nft table inet filter, chain input",
      refusal: "policy drop",
      missing: ["port", "link"],
      ...change,
    },
  ],
});
const iptables = { tool: "iptables", table: "ip filter", chain: "FORWARD" } as const;

/** The cases about what keeps traffic of the mesh from passing on this host. */
export const trafficCases: readonly Case[] = [
  [
    "a firewall in nftables",
    block({}),
    "firewall.input",
    "warning",
    /nft insert rule inet filter input udp dport 51820 accept.*iifname kubespan accept/,
  ],
  [
    "a firewall in iptables",
    block({ hook: "forward", place: iptables, missing: ["link"] }),
    "firewall.forward",
    "warning",
    /iptables -I FORWARD -i kubespan -j ACCEPT/,
  ],
  [
    "firewalld",
    block({ manager: "firewalld", hook: "forward", missing: ["link"] }),
    "firewall.forward",
    "warning",
    /--zone=trusted --add-interface=kubespan.*--add-source=10\.244\.1\.0\/24/,
  ],
  [
    "ufw",
    block({ manager: "ufw" }),
    "firewall.input",
    "warning",
    /ufw allow 51820\/udp.*ufw allow in on kubespan/,
  ],
  [
    "ufw that forwards nothing",
    block({ manager: "ufw", hook: "forward", missing: ["link"] }),
    "firewall.forward",
    "warning",
    /ufw route allow in on kubespan/,
  ],
  [
    "a blackhole",
    { refusals: { value: [{ route: "blackhole 10.0.0.0/8", target: "10.244.2.0/24" as Prefix }] } },
    "routing.refused",
    "warning",
    /10\.244\.2\.0\/24.*blackhole 10\.0\.0\.0\/8/,
  ],
  ["routes that cannot be read", { refusals: { unknown: "no ip" } }, "routing.refused", "note"],
  ["tracked connections", tracking("100"), "conntrack", "ok"],
  ["many tracked connections", tracking("900"), "conntrack", "warning", /nf_conntrack_max=4000/],
  [
    "the mesh's link does not forward",
    own("net/ipv4/conf/kubespan/forwarding", "0"),
    "link.ipv4_forwarding",
    "warning",
    /sysctl -w net\.ipv4\.conf\.default\.forwarding=1 net\.ipv4\.conf\.kubespan\.forwarding=1/,
  ],
  ["an uplink does not forward", own("net/ipv6/conf/eth0/forwarding", "0"), "link.ipv6_forwarding", "note"],
  [
    "pods behind a strict filter",
    { ...own("net/ipv4/conf/cni0/rp_filter", "1", "0") },
    "link.ipv4_rp_filter",
    "warning",
    /cni0/,
  ],
  [
    "no IPv6 on the mesh's link",
    own("net/ipv6/conf/kubespan/disable_ipv6", "1"),
    "link.ipv6_disable_ipv6",
    "warning",
    /kubespan/,
  ],
  [
    "no forwarding on a node that is to relay",
    { ...withSysctl("net/ipv4/ip_forward", "0"), settings: { ...soundNode.settings, relays: true } },
    "sysctl.ip_forward",
    "warning",
    /net\.ipv4\.ip_forward = 1/,
  ],
  [
    "a firewall that forwards nothing for others on a node that is to relay",
    block({ hook: "forward", missing: ["relayed"] }),
    "firewall.forward",
    "warning",
    /inet filter input meta mark and 0x60 == 0x20 accept/,
  ],
  [
    "jumbo frames on this link alone",
    { links: linksFrom(link("eth0", 9001)) },
    "mtu.eth0",
    "note",
    /not tested.*ping -M do -s 8973/,
  ],
];

function tracking(count: string): ReturnType<typeof withSysctl> {
  const { sysctls } = withSysctl("net/netfilter/nf_conntrack_count", count);
  return { sysctls: new Map([...(sysctls ?? []), ["net/netfilter/nf_conntrack_max", "1000"]]) };
}

/** A node on which one link has a setting of its own. */
function own(key: string, value: string, filterOfAll = "2"): ReturnType<typeof withSysctl> {
  const { sysctls } = withSysctl(key, value);
  return {
    sysctls: new Map([...(sysctls ?? []), ["net/ipv4/conf/all/rp_filter", filterOfAll]]),
    links: linksFrom(link("eth0", 1500), link("cni0", 1370, "bridge"), link("kubespan", 1420, "wireguard")),
  };
}
