import { hexWord } from "../base/index.ts";
import { maskOf } from "../net/index.ts";
import { countRule, dropRule } from "./counters.ts";
import { clearBits, families, headerOf, type RuleOptions } from "./match.ts";
import { podLinks } from "./tunnel.ts";

/*
 * Peers accept from this node what it announces, and nothing else. A connection with another source would enter the
 * tunnel and vanish at its other end. It gets an address of this node instead, as it would from a gateway; or it is
 * refused, counted and said (ADR 0021).
 */

/**
 * The value that the mark of a connection has on its first packet if it comes from behind this node. There is none
 * where our two marks contain one another.
 */
function behindValue({ marks }: RuleOptions): number | undefined {
  const both = maskOf(marks);
  return both === marks.fromWireGuard || both === marks.toWireGuard ? undefined : both;
}

/**
 * The rules for the first packet of a connection into the mesh whose source is neither in the mesh nor this node's. It
 * comes from behind this node if it comes by a pod's link, or by another link than those of default routes and than the
 * one on which this node would send it on without the mesh; its source has to be where it comes from. By a default route
 * everybody is where he says. Who only shares a network with this node is
 * not behind it: he would get into the mesh under this node's name. Networks of pods are for those in the mesh.
 */
export function passingRules(options: RuleOptions): string[] {
  const value = behindValue(options);
  const fromPods = `iifname { ${podLinks.map((name) => `"${name}"`).join(", ")} }`;
  const note = value === undefined ? undefined : `ct mark set ct mark | ${hexWord(value)}`;
  return [
    ...(note === undefined ? [] : [`${fromPods} ${note} return`]),
    `fib saddr type local ${dropRule("unaccepted")}`,
    ...(note === undefined
      ? []
      : [
          ...families.map((family) => `${headerOf(family)} daddr @kubespan_pods_ipv${family} return`),
          "fib saddr . iif oif missing return",
          "fib daddr . iif oif exists return",
          ...options.uplinks.map((name) => `iifname "${name}" return`),
          note,
        ]),
  ];
}

/**
 * The rules for the first packet of a connection that goes into the link, after the translations of others. `given`
 * names the chain of those that get an address of this node. There are none while nobody knows what peers accept.
 */
export function sourceRules(options: RuleOptions, given: string, behind: string): string[] {
  const { interfaceName, acceptedFamilies, marks } = options;
  const value = behindValue(options);
  const head = "type nat hook postrouting priority 120; policy accept;";
  if (acceptedFamilies === undefined) return [head];
  return [
    head,
    `oifname != "${interfaceName}" accept`,
    ...(value === undefined
      ? []
      : [`ct mark & ${hexWord(maskOf(marks))} == ${hexWord(value)} goto ${behind}`]),
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
