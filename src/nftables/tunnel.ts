import { dropRule } from "./counters.ts";
import type { Lookup } from "./lookups.ts";
import { families, headerOf, matchOf } from "./match.ts";

/**
 * What comes out of the tunnel goes only where this node said that it would take it: WireGuard says who sent it, not
 * where to. Replies do not come here. Where a packet goes on to after it was translated is the business of whoever
 * translates; it is judged by where it was sent.
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

/** Links by which pods' packets come in although no route to the pods may name them: Cilium's, and what looks like a pod's. */
const podLinks = ["cali*", "cilium*", "lxc*", "veth*"];

/**
 * A packet with a source of this node or behind it gets into the mesh as theirs. So it has to come from where they are: by
 * a pod's link, or by the one on which this node would answer. Everything else about it is nobody's business here.
 */
export const enteringRules = (lookups: readonly Lookup[]): string[] => [
  `iifname { ${podLinks.map((name) => `"${name}"`).join(", ")} } return`,
  "fib saddr . iif oif exists return",
  ...lookups.map(({ set }) => `${matchOf(set, "daddr")} ${dropRule("entering")}`),
];
