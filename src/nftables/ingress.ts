import type { Family } from "../net/index.ts";
import { dropRule } from "./counters.ts";
import { families, headerOf, type RuleOptions } from "./match.ts";

/** Where a packet wanted to go when it arrived: what is tracked may have been translated since, what is not has not. */
type Destination = (family: Family) => string;

const beforeTranslation: Destination = (family) => `ct original ${headerOf(family)} daddr`;
const asItIs: Destination = (family) => `${headerOf(family)} daddr`;

/**
 * A packet on another link from an address that the mesh claims. What belongs in the mesh and is not in it is dropped, as
 * far as the operator wants; what must get through in any case comes before that: WireGuard itself, neighbours, errors of
 * ICMP, whatever is for all, who wants a registry here, and sources that may well be outside.
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
    "fib daddr type { broadcast, multicast } return",
    ...families.map(
      (family) => `${headerOf(family)} saddr @kubespan_tolerated_ipv${family} goto ${chains.answering}`,
    ),
    `ct state invalid,untracked goto ${chains.untracked}`,
    ...strictRules(options, beforeTranslation, chains.answering),
    `goto ${chains.answering}`,
  ];
}

/** The same for what belongs to no connection; nothing of it is ever answered as one. */
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

/** As nft prints it. */
function portsText(ports: readonly number[]): string {
  const sorted = [...new Set(ports)].toSorted((left, right) => left - right);
  return sorted.length === 1 ? String(sorted[0]) : `{ ${sorted.join(", ")} }`;
}
