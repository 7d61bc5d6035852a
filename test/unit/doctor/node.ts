import { nothingFound } from "../../../src/cni/index.ts";
import type { Facts } from "../../../src/doctor/index.ts";
import type { Prefix } from "../../../src/net/index.ts";
import { parseLinks } from "../../../src/routing/index.ts";

/** A link as `ip -j -d address show` tells of it. */
export const link = (ifname: string, mtu: number, kind?: string): Record<string, unknown> => ({
  ifname,
  mtu,
  flags: ["UP"],
  ...(kind !== undefined && { linkinfo: { info_kind: kind } }),
});

export const linksFrom = (...links: Record<string, unknown>[]): Facts["links"] => ({
  value: parseLinks(JSON.stringify(links)),
});

/** A node on which everything is as it should be: Ubuntu, made by kubeadm. */
export const soundNode: Facts = {
  distribution: { name: "Ubuntu 24.04 LTS", family: "debian" },
  flavours: ["kubeadm"],
  configFile: "/etc/kubespan/config.yaml",
  config: { state: "valid", enabled: true, warnings: [] },
  settings: {
    interfaceName: "kubespan",
    listenPort: 51820,
    mtu: 1420,
    wireguard: "auto",
    table: 180,
    priority: 32500,
    networks: ["10.244.1.0/24" as Prefix],
    advertises: true,
    advertisesPods: true,
    localNetworks: [],
    hasMainRoutes: false,
    relays: false,
    marks: { fromWireGuard: 0x20, toWireGuard: 0x40 },
  },
  stateDirectory: "/var/lib/kubespan",
  identity: { state: "sound", nodeId: "abc", mode: 0o600 },
  userId: 0,
  capabilities: { value: 0x1ffffffffffn },
  kernel: { release: "6.8.0", wireguard: "present" },
  firewall: [],
  refusals: { value: [] },
  relayMaps: [],
  nftTables: { value: 3 },
  sysctls: new Map([
    ["net/bridge/bridge-nf-call-iptables", "1"],
    ["net/bridge/bridge-nf-call-ip6tables", "1"],
    ["net/ipv4/ip_forward", "1"],
    ["net/ipv6/conf/all/forwarding", "1"],
    ["net/ipv4/conf/all/rp_filter", "2"],
    ["net/ipv4/conf/default/rp_filter", "2"],
    ["net/ipv6/conf/all/disable_ipv6", "0"],
  ]),
  tools: [
    { name: "nft", isInstalled: true, version: "1.0.9" },
    { name: "ip", isInstalled: true, version: "6.1.0" },
    { name: "wg", isInstalled: true, version: "1.0.20210914" },
    { name: "wireguard-go", isInstalled: false },
    { name: "setpriv", isInstalled: true, version: "2.39.3" },
    { name: "sysctl", isInstalled: true, version: "4.0.4" },
  ],
  links: linksFrom(link("eth0", 1500), link("flannel.1", 1370, "vxlan"), link("cni0", 1370, "bridge")),
  uplinks: ["eth0"],
  port: { value: { isTaken: false, users: [], wireguardLinks: [] } },
  routing: { value: { foreignRules: [], foreignRoutes: [], ahead: [] } },
  others: { warnings: [], unread: [] },
  clock: { now: 1_800_000_000_000, installedAt: 1_790_000_000_000, synchronised: true },
  cni: { ...nothingFound, uplinks: ["eth0"] },
  steered: ["203.0.113.2/32", "10.244.2.0/24"] as Prefix[],
  services: [{ location: "https://discovery.example.org:443", reflected: "198.51.100.7" }],
  networkdTakesRules: false,
};

export const firewall: Facts["others"] = {
  warnings: [{ about: "numbers", who: "nft table inet firewall", what: "sets 0x40 of the packet mark" }],
  unread: [],
};

export const copier: Facts["others"] = {
  warnings: [{ about: "mask", who: "iptables table mangle", what: "copies the whole packet mark" }],
  unread: [],
};

export const filter: Facts["others"] = {
  warnings: [{ about: "reversePath", who: "nft table inet firewalld", what: "drops what comes out" }],
  unread: [],
};

export const translator: Facts["others"] = {
  warnings: [{ about: "translation", who: "nft table ip nat, chain post", what: "changes every source" }],
  unread: [],
};

export const withSysctl = (key: string, value: string | undefined): Partial<Facts> => {
  const sysctls = new Map(soundNode.sysctls);
  if (value === undefined) sysctls.delete(key);
  else sysctls.set(key, value);
  return { sysctls };
};

/** IPv6 was switched off for all links, and then on again for the uplink. */
export const ipv6OnOneLink: Partial<Facts> = {
  ...withSysctl("net/ipv6/conf/all/disable_ipv6", "1"),
  links: linksFrom({ ...link("eth0", 1500), addr_info: [{ local: "2001:db8::1", prefixlen: 64 }] }),
};
