import { countRule, dropRule } from "./counters.ts";
import { canHaveBoth, clearBits, families, hasBoth, headerOf, type RuleOptions, setBoth } from "./match.ts";
import { podLinks } from "./tunnel.ts";

/*
 * Peers accept from this node what it announces, and nothing else. A connection with another source would enter the
 * tunnel and vanish at its other end. It gets an address of this node instead, as it would from a gateway; or it is
 * refused, counted and said (ADR 0021).
 */

/**
 * The rules for the first packet of a connection into the mesh whose source is neither in the mesh nor this node's. It
 * comes from behind this node if it comes by a pod's link, or by another link than those of default routes and than the
 * one on which this node would send it on without the mesh; its source has to be where it comes from. By a default route
 * everybody is where he says. Who only shares a network with this node is not behind it: he would get into the mesh under
 * this node's name. Networks of pods are for those in the mesh. The mark of the connection bears what is found, until
 * `behindRules`.
 */
export function passingRules(options: RuleOptions): string[] {
  const refusal = `fib saddr type local ${dropRule("unaccepted")}`;
  if (!canHaveBoth(options)) return [refusal];
  const note = setBoth(options);
  return [
    `iifname { ${podLinks.map((name) => `"${name}"`).join(", ")} } ${note} return`,
    refusal,
    ...families.map((family) => `${headerOf(family)} daddr @kubespan_pods_ipv${family} return`),
    "fib saddr . iif oif missing return",
    "fib daddr . iif oif exists return",
    ...options.uplinks.map((name) => `iifname "${name}" return`),
    note,
  ];
}

/**
 * The rules for the first packet of a connection that goes into the link, after the translations of others. `given`
 * names the chain of those that get an address of this node. There are none while nobody knows what peers accept.
 */
export function sourceRules(options: RuleOptions, given: string, behind: string): string[] {
  const { interfaceName, acceptedFamilies } = options;
  const head = "type nat hook postrouting priority 120; policy accept;";
  if (acceptedFamilies === undefined) return [head];
  return [
    head,
    `oifname != "${interfaceName}" accept`,
    ...(canHaveBoth(options) ? [`${hasBoth(options)} goto ${behind}`] : []),
    ...families.map((family) => `${headerOf(family)} saddr @kubespan_own_ipv${family} accept`),
    "fib daddr type multicast accept",
    `fib saddr type local goto ${given}`,
    dropRule("unaccepted"),
  ];
}

/**
 * The rules for a connection from behind this node. What its mark told is used up, so that nothing reads it again. Its
 * source may be one that peers accept by now, if somebody else has translated it.
 */
export const behindRules = (options: RuleOptions, given: string): string[] => [
  clearBits("ct", options),
  ...families.map((family) => `${headerOf(family)} saddr @kubespan_own_ipv${family} accept`),
  `goto ${given}`,
];

/** The rules that give a connection an address of this node that peers accept, or refuse it where there is none. */
export const givenRules = (options: RuleOptions): string[] => [
  ...(options.acceptedFamilies ?? []).map(
    (family) => `meta nfproto ipv${family} ${countRule("masqueraded")} masquerade`,
  ),
  dropRule("unaccepted"),
];
