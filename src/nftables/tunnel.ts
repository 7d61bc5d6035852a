import { dropRule } from "./counters.ts";
import type { Lookup } from "./lookups.ts";
import { families, headerOf, matchOf } from "./match.ts";

/**
 * The rules for packets that come out of the tunnel. They may go only where this node said that it would take them,
 * because WireGuard tells who sent a packet, but not where it may go. Replies do not come here. A packet whose
 * destination was translated is judged by the original one: where it goes on to is up to the program that translates
 * it.
 */
export const tunnelRules = (translated: string): string[] => [
  `ct status dnat goto ${translated}`,
  "fib daddr type local return",
  ...families.map((family) => `${headerOf(family)} daddr @kubespan_own_ipv${family} return`),
  dropRule("tunnel"),
];

export const translatedRules = (): string[] => [
  ...families.map((family) => `ct original ${headerOf(family)} daddr @kubespan_own_ipv${family} return`),
  dropRule("tunnel"),
];

/**
 * The links by which packets of pods arrive although no route to the pods may name them: Cilium's, and those that look
 * like a pod's.
 */
export const podLinks = ["cali*", "cilium*", "lxc*", "veth*"];

/**
 * The rules for a packet with a source of this node, or of a network behind it, which would get into the mesh as
 * theirs. So it has to come from where they are: by a pod's link, or by the link on which this node would answer.
 * Packets that are not for the mesh do not matter here.
 */
export const enteringRules = (lookups: readonly Lookup[]): string[] => [
  `iifname { ${podLinks.map((name) => `"${name}"`).join(", ")} } return`,
  "fib saddr . iif oif exists return",
  ...lookups.map(({ set }) => `${matchOf(set, "daddr")} ${dropRule("entering")}`),
];
