import { familyOf } from "../../net/index.ts";
import type { Facts } from "../facts.ts";
import { type Finding, loadModule, setSysctl } from "../finding.ts";

/** Every sysctl that the checks read, with slashes. */
export const sysctlsOfInterest = [
  "net/bridge/bridge-nf-call-iptables",
  "net/bridge/bridge-nf-call-ip6tables",
  "net/ipv4/ip_forward",
  "net/ipv6/conf/all/forwarding",
  "net/ipv4/conf/all/rp_filter",
  "net/ipv4/conf/default/rp_filter",
  "net/ipv6/conf/all/disable_ipv6",
  "net/netfilter/nf_conntrack_count",
  "net/netfilter/nf_conntrack_max",
] as const;

type Key = (typeof sysctlsOfInterest)[number];

const dotted = (key: Key): string => key.replaceAll("/", ".");
const shown = (key: Key, value: string | undefined): string => `${dotted(key)} = ${value ?? "(not there)"}`;

/**
 * Checks that bridged packets pass iptables. Services of kube-proxy between pods on one bridge need that, and kubeadm's
 * preflight asks for it. The mesh itself does not need it.
 */
export function checkBridgeFilter({ sysctls, flavours }: Facts): Finding[] {
  const key = "net/bridge/bridge-nf-call-iptables";
  const value = sysctls.get(key);
  const evidence = shown(key, value);
  const severity = flavours.length > 0 ? "warning" : "note";
  const needs = "Services are not reachable from pods on the same bridge as their endpoint";
  if (value === undefined)
    return [
      {
        id: "module.br_netfilter",
        severity,
        text: `br_netfilter is not loaded: ${needs}`,
        evidence,
        fix: loadModule("br_netfilter"),
      },
    ];
  const loaded: Finding = {
    id: "module.br_netfilter",
    severity: "ok",
    text: "br_netfilter is loaded",
    evidence,
  };
  const keys: readonly Key[] = [key, "net/bridge/bridge-nf-call-ip6tables"];
  return [loaded, ...keys.map((each) => callFinding(each, sysctls.get(each), severity, needs))];
}

function callFinding(
  key: Key,
  value: string | undefined,
  severity: "note" | "warning",
  needs: string,
): Finding {
  const [id, evidence] = [`sysctl.${key.split("/").at(-1)}`, shown(key, value)];
  return value === "1"
    ? { id, severity: "ok", text: "bridged packets pass the packet filter", evidence }
    : {
        id,
        severity,
        text: `bridged packets do not pass the packet filter: ${needs}`,
        evidence,
        fix: setSysctl(dotted(key), "1"),
      };
}

/** Checks forwarding. The daemon enables it where it advertises networks, and Kubernetes needs it in any case. */
export function checkForwarding({ sysctls, flavours, settings }: Facts): Finding[] {
  const families: readonly (readonly [Key, string])[] = [
    ["net/ipv4/ip_forward", "IPv4"],
    ["net/ipv6/conf/all/forwarding", "IPv6"],
  ];
  return families.map(([key, family]) => {
    const value = sysctls.get(key);
    const [id, evidence] = [
      `sysctl.${key === "net/ipv4/ip_forward" ? "ip_forward" : "ipv6_forwarding"}`,
      shown(key, value),
    ];
    if (value === "1") return { id, severity: "ok", text: `${family} is forwarded`, evidence };
    const fix = setSysctl(dotted(key), "1");
    if (flavours.length > 0 && family === "IPv4" && !settings.advertises)
      return {
        id,
        severity: "warning",
        text: "IPv4 is not forwarded: pods reach nothing outside",
        evidence,
        fix,
      };
    if (settings.relays)
      return {
        id,
        severity: "warning",
        text: `${family} is not forwarded: this node cannot relay it for others (relay.serve)`,
        evidence,
        fix,
      };
    const text = settings.advertises
      ? `${family} is not forwarded yet: the daemon switches it on as far as advertised networks need it`
      : `${family} is not forwarded, which matters only to a node with pods or other networks behind it`;
    return { id, severity: "note", text, evidence, fix };
  });
}

/**
 * Checks reverse-path filtering. The kernel takes the greater of the value for all links and the link's own, and 2
 * (loose) is greater than 1 (strict).
 */
export function checkReversePath({ sysctls, settings }: Facts): Finding[] {
  const [all, fallback]: readonly Key[] = ["net/ipv4/conf/all/rp_filter", "net/ipv4/conf/default/rp_filter"];
  const evidence = [all, fallback].map((key) => (key ? shown(key, sysctls.get(key)) : "")).join(", ");
  const id = "sysctl.rp_filter";
  if (sysctls.get("net/ipv4/conf/all/rp_filter") === "1")
    return [
      {
        id,
        severity: "warning",
        text: `strict reverse-path filtering on all links: the daemon makes it loose on ${settings.interfaceName} only; what comes in one way and is answered another is dropped${settings.relays ? ", also what this node is to relay" : ""}`,
        evidence,
        fix: setSysctl("net.ipv4.conf.all.rp_filter", "2"),
      },
    ];
  if (sysctls.get("net/ipv4/conf/default/rp_filter") === "1")
    return [
      {
        id,
        severity: "note",
        text: "new links get a strict reverse-path filter, which drops what some CNIs forward",
        evidence,
        fix: setSysctl("net.ipv4.conf.default.rp_filter", "2"),
      },
    ];
  return [{ id, severity: "ok", text: "no strict reverse-path filter", evidence }];
}

export function checkIPv6({ sysctls, links, settings }: Facts): Finding[] {
  const key: Key = "net/ipv6/conf/all/disable_ipv6";
  const [id, evidence] = ["ipv6", shown(key, sysctls.get(key))];
  // A link that was switched on after all were switched off carries IPv6, and has addresses of it.
  const isOnSomewhere =
    "value" in links &&
    links.value.some(
      ({ name, addresses }) =>
        name !== "lo" &&
        name !== settings.interfaceName &&
        addresses.some(({ address }) => familyOf(address) === 6),
    );
  return sysctls.get(key) === "0" || isOnSomewhere
    ? [{ id, severity: "ok", text: "IPv6 is on", evidence }]
    : [
        {
          id,
          severity: "warning",
          text: "IPv6 is off: mesh addresses, which are IPv6, are not reachable; IPv4 is steered all the same",
          evidence,
          fix: setSysctl("net.ipv6.conf.all.disable_ipv6", "0"),
        },
      ];
}

/** Checks whether systemd-networkd deletes rules that it did not make, which it does by default whenever it starts. */
export const checkNetworkd = ({ networkdTakesRules }: Facts): Finding[] =>
  networkdTakesRules
    ? [
        {
          id: "networkd",
          severity: "note",
          text: "systemd-networkd removes rules and routes of others when it restarts; the daemon puts them back",
          evidence: "no ManageForeignRoutingPolicyRules=no in /etc/systemd/networkd.conf and networkd.conf.d",
          fix: {
            file: {
              path: "/etc/systemd/networkd.conf.d/90-kubespan.conf",
              lines: ["[Network]", "ManageForeignRoutingPolicyRules=no", "ManageForeignRoutes=no"],
            },
          },
        },
      ]
    : [];
