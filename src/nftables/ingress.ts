import type { Family } from "../net/index.ts";
import { dropRule } from "./counters.ts";
import { families, headerOf, type RuleOptions } from "./match.ts";
import { otherPortRules } from "./other-meshes.ts";

/**
 * The expression for the destination that a packet had when it arrived. That of a tracked packet may have been
 * translated since, that of another packet has not.
 */
type Destination = (family: Family) => string;

const beforeTranslation: Destination = (family) => `ct original ${headerOf(family)} daddr`;
const asItIs: Destination = (family) => `${headerOf(family)} daddr`;

/**
 * The rules for a packet that arrives on another link from an address that the mesh claims. A packet that belongs in
 * the mesh and is not in it is dropped, as far as the operator wants. Packets that must get through in any case come
 * before that: WireGuard's own, those of neighbour discovery, ICMP errors, broadcasts and multicasts, connections to a
 * registry on this node, and packets from sources that may well be outside.
 */
export function ingressRules(
  options: RuleOptions,
  chains: { readonly answering: string; readonly untracked: string },
): string[] {
  const { listenPort, strictIngress } = options;
  if (strictIngress === "off") return [`goto ${chains.answering}`];
  return [
    "icmp type { destination-unreachable, source-quench, redirect, time-exceeded, parameter-problem } return",
    `icmpv6 type { ${[...icmpv6Errors, ...neighbourDiscovery].join(", ")} } return`,
    `udp dport ${listenPort} return`,
    ...otherPortRules(options),
    "fib daddr type { broadcast, multicast } return",
    ...families.map(
      (family) => `${headerOf(family)} saddr @kubespan_tolerated_ipv${family} goto ${chains.answering}`,
    ),
    `ct state invalid,untracked goto ${chains.untracked}`,
    ...strictRules(options, beforeTranslation, chains.answering),
    `goto ${chains.answering}`,
  ];
}

/** The rules for packets that belong to no connection. None of them is ever answered as if it belonged to one. */
export const untrackedRules = (options: RuleOptions, answering: string): string[] =>
  options.strictIngress === "off" ? [] : strictRules(options, asItIs, answering);

const icmpv6Errors = ["destination-unreachable", "packet-too-big", "time-exceeded", "parameter-problem"];
const neighbourDiscovery = [
  "nd-router-solicit",
  "nd-router-advert",
  "nd-neighbor-solicit",
  "nd-neighbor-advert",
  "nd-redirect",
];

function strictRules(
  { strictIngress, registryPorts }: RuleOptions,
  destination: Destination,
  answering: string,
): string[] {
  const drop = dropRule("outside");
  const fromPods = (family: Family): string =>
    strictIngress === "all" ? "" : `${headerOf(family)} saddr @kubespan_pods_ipv${family} `;
  return [
    ...families.map((family) => `${destination(family)} @kubespan_own_pods_ipv${family} ${drop}`),
    ...(registryPorts.length > 0 ? [`tcp dport ${portsText(registryPorts)} goto ${answering}`] : []),
    ...families.map(
      (family) => `${fromPods(family)}${destination(family)} @kubespan_own_ipv${family} ${drop}`,
    ),
  ];
}

/** Writes TCP ports as nft prints them. */
function portsText(ports: readonly number[]): string {
  const sorted = [...new Set(ports)].toSorted((left, right) => left - right);
  return sorted.length === 1 ? String(sorted[0]) : `{ ${sorted.join(", ")} }`;
}
