import { servingRules } from "./exits.ts";
import type { Lookup } from "./lookups.ts";
import { cameInOutside, clearBits, families, headerOf, matchOf, type RuleOptions, setBit } from "./match.ts";
import { protocolMatch } from "./protocols.ts";

/**
 * The rules at the entrance. Nearly all packets belong to a known connection, and go on at once. The first packet of a
 * connection is looked at more closely, and so is a packet that belongs to no connection, because it is not tracked or
 * makes no sense.
 */
export const gateRules = (chains: { readonly known: string; readonly arriving: string }): string[] => [
  `ct status confirmed goto ${chains.known}`,
  `jump ${chains.arriving}`,
  `goto ${chains.known}`,
];

/**
 * The rules with which that closer look begins. They go by the link, and then by the owner of the source. Who is
 * neither in the mesh nor this node's matters only where the packet is for the mesh.
 */
export const arrivalRules = (
  { interfaceName }: RuleOptions,
  lookups: readonly Lookup[],
  chains: {
    readonly tunnelled: string;
    readonly outside: string;
    readonly entering: string;
    readonly passing: string;
  },
): string[] => [
  `iifname "${interfaceName}" goto ${chains.tunnelled}`,
  'iif "lo" return',
  ...lookups.map(({ set }) => `${matchOf(set, "saddr")} goto ${chains.outside}`),
  ...families.map((family) => `${headerOf(family)} saddr @kubespan_own_ipv${family} goto ${chains.entering}`),
  ...lookups.map(({ set }) => `${matchOf(set, "daddr")} goto ${chains.passing}`),
];

/**
 * The rules that note, on a connection's first packet, that it arrived outside the mesh from an address to which
 * replies would be steered into the mesh, and that the replies have to leave outside it too. They are only for TCP, in
 * which nobody completes a connection without getting the replies, and for pings. With other protocols a forged packet,
 * or a few thousand, would make this node send its data in clear (ADR 0013). Packets from pods are never noted, because
 * nobody has a reason to meet pods outside, unless at a registry. Registries are answered whatever the operator says of
 * the rest.
 */
export function answeringRules(options: RuleOptions): string[] {
  const { answerOutside } = options;
  const [forPods, forNodes] = [servingRules(options, "node"), servingRules(options, "daemon")];
  if (!answerOutside && forNodes.length === 0) return forPods;
  const noPods = families.map((family) => `${headerOf(family)} saddr @kubespan_pods_ipv${family} return`);
  if (!answerOutside) return [...forPods, ...noPods, ...forNodes];
  const remember = setBit("ct", options, options.marks.fromWireGuard);
  return [
    ...forPods,
    ...noPods,
    ...forNodes,
    `${protocolMatch("tcp")} ${remember}`,
    `icmp type echo-request ${remember}`,
    `icmpv6 type echo-request ${remember}`,
  ];
}

/** The rule that finds packets of connections that arrived outside the mesh, before they are led into it. */
export const knownRules = (options: RuleOptions, outside: string): string[] => [
  `${cameInOutside(options)} jump ${outside}`,
];

/** The rules for packets of such a connection. Its first packet that does come through the mesh takes it in for good. */
export const outsideRules = (options: RuleOptions, answers: string): string[] => [
  `iifname "${options.interfaceName}" ct direction original ${clearBits("ct", options)}`,
  `goto ${answers}`,
];

/**
 * The rules by which a connection that arrived outside the mesh is answered outside it until then, also by
 * machines behind this node. A TCP packet that is let out is an answer, and no SYN by itself: otherwise the forged SYN
 * of a connection from there would make this node open one in clear.
 */
export const answerRules = ({ answerOutside }: RuleOptions, verdict = "accept"): string[] =>
  answerOutside
    ? [
        ...families.map((family) => `${headerOf(family)} daddr @kubespan_pods_ipv${family} return`),
        `tcp flags ack ct direction reply ${verdict}`,
        `tcp flags ! syn ct direction reply ${verdict}`,
        `${protocolMatch("icmp", "ipv6-icmp")} ct direction reply ${verdict}`,
      ]
    : [];
