import { hexWord } from "../base/index.ts";
import { maskOf } from "../net/index.ts";
import type { Lookup } from "./lookups.ts";
import { cameInOutside, families, headerOf, matchOf, type RuleOptions } from "./match.ts";

/**
 * Packets of a connection that is known go on at once: nearly all. The first packet of a connection is looked at more
 * closely, and so is what belongs to none, because it is not tracked or makes no sense.
 */
export const gateRules = (chains: { readonly known: string; readonly arriving: string }): string[] => [
  `ct status confirmed goto ${chains.known}`,
  `jump ${chains.arriving}`,
  `goto ${chains.known}`,
];

/** Where that closer look begins: by the link, and then by whose the source is. */
export const arrivalRules = (
  { interfaceName }: RuleOptions,
  lookups: readonly Lookup[],
  chains: { readonly tunnelled: string; readonly outside: string; readonly entering: string },
): string[] => [
  `iifname "${interfaceName}" goto ${chains.tunnelled}`,
  'iif "lo" return',
  ...lookups.map(({ set }) => `${matchOf(set, "saddr")} goto ${chains.outside}`),
  ...families.map((family) => `${headerOf(family)} saddr @kubespan_own_ipv${family} goto ${chains.entering}`),
];

/**
 * Remembers, on a connection's first packet, that it came in outside the mesh from an address whose replies would be
 * steered into it, and that these are to leave outside it too. Only for TCP, which nobody completes whom the replies do not
 * reach, and for pings: of other protocols a forged packet, or a few thousand, would make this node send what it has to say
 * in clear (ADR 0013). Never to pods: nobody has a reason to meet them outside.
 */
export function answeringRules({ marks, answerOutside }: RuleOptions): string[] {
  if (!answerOutside) return [];
  const { fromWireGuard } = marks;
  const kept = (~maskOf(marks) | fromWireGuard) >>> 0;
  const remember = `ct mark set ct mark & ${hexWord(kept)} | ${hexWord(fromWireGuard)}`;
  return [
    ...families.map((family) => `${headerOf(family)} saddr @kubespan_pods_ipv${family} return`),
    `meta l4proto tcp ${remember}`,
    `icmp type echo-request ${remember}`,
    `icmpv6 type echo-request ${remember}`,
  ];
}

/** Before a packet is led into the mesh: whether it answers somebody who came in outside. */
export const knownRules = (options: RuleOptions, outside: string): string[] => [
  `${cameInOutside(options)} jump ${outside}`,
];

/** The first packet of such a connection that does come through the mesh takes it in for good. */
export const outsideRules = ({ marks, interfaceName }: RuleOptions, answers: string): string[] => [
  `iifname "${interfaceName}" ct direction original ct mark set ct mark & ${hexWord(~maskOf(marks))}`,
  `goto ${answers}`,
];

/**
 * Until then, who came in outside the mesh is answered outside it (lesson 11), also by whoever is behind this node. An answer
 * of TCP is no SYN by itself: else who forges the SYN of a connection from there would have this node open one in clear.
 */
export const answerRules = ({ answerOutside }: RuleOptions, verdict = "accept"): string[] =>
  answerOutside
    ? [
        ...families.map((family) => `${headerOf(family)} daddr @kubespan_pods_ipv${family} return`),
        `tcp flags ack ct direction reply ${verdict}`,
        `tcp flags ! syn ct direction reply ${verdict}`,
        `meta l4proto { icmp, ipv6-icmp } ct direction reply ${verdict}`,
      ]
    : [];
