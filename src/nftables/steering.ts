import { hexWord } from "../base/index.ts";
import { type Family, maskOf } from "../net/index.ts";
import type { Lookup } from "./lookups.ts";
import { cameInOutside, families, headerOf, matchOf, type RuleOptions } from "./match.ts";

/**
 * Packets to a target go on in another chain. All others, which are most of them on most nodes, are done here, and mostly
 * without a lookup, which costs several times what a comparison does.
 */
export const lookupRules = (lookups: readonly Lookup[], steering: string): string[] =>
  lookups.map(({ set, cover }) => {
    const inCover = cover === undefined ? "" : `${headerOf(set.family)} daddr ${cover} `;
    return `${inCover}${matchOf(set, "daddr")} goto ${steering}`;
  });

/**
 * What becomes of a packet to a target. Packets of WireGuard itself pass. All others get the mark, no bit outside our two
 * is touched, and TCP is told what fits.
 */
export const steeringRules = (options: RuleOptions, clamp: string): string[] => [
  passingRule(options),
  `tcp flags syn jump ${clamp}`,
  markRule(options),
];

/**
 * The same for a packet of the node itself. One to the node itself needs no tunnel, whatever address it has. What finds or
 * answers a neighbour on the link itself belongs on that link, although the neighbour's address may be a target: in the
 * tunnel it would find nobody, and WireGuard could not reach a peer on the same IPv6 network. And who came in outside the
 * mesh is answered outside it (lesson 11).
 */
export const localSteeringRules = (
  options: RuleOptions,
  lookups: readonly Lookup[],
  chains: { readonly clamp: string; readonly answers: string },
): string[] => [
  'oif "lo" accept',
  ...(lookups.some(({ set }) => set.family === 6)
    ? ["icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept"]
    : []),
  `${cameInOutside(options)} jump ${chains.answers}`,
  ...steeringRules(options, chains.clamp),
];

/**
 * WireGuard's own packets, by its mark and its port: whoever may set marks on his sockets cannot get past the mesh with
 * the mark alone.
 */
export const passingRule = (options: RuleOptions): string =>
  `${ofWireGuard(options)} udp sport ${options.listenPort} accept`;

export const ofWireGuard = ({ marks }: RuleOptions): string =>
  `meta mark & ${hexWord(maskOf(marks))} == ${hexWord(marks.fromWireGuard)}`;

/** The bits of others and the one about to be set: the form in which the kernel gives the expression back. */
function markRule({ marks }: RuleOptions): string {
  const { toWireGuard } = marks;
  const kept = (~maskOf(marks) | toWireGuard) >>> 0;
  return `meta mark set meta mark & ${hexWord(kept)} | ${hexWord(toWireGuard)} accept`;
}

/**
 * The rules that operators of KubeSpan know, word for word (reference section 7), at the end of both chains at the hooks.
 * They say what the rules before them and the chains these lead to do, which leave nothing for them.
 */
export const documentedRules = (options: RuleOptions): string[] => [
  `${ofWireGuard(options)} accept`,
  `ip daddr @kubespan_targets_ipv4 ${markRule(options)}`,
  `ip6 daddr @kubespan_targets_ipv6 ${markRule(options)}`,
];

const ipHeader: Readonly<Record<Family, number>> = { 4: 20, 6: 40 };
const tcpHeader = 20;
/** Timestamps, which nearly every connection has; they are not part of the MSS. */
const tcpOptions = 12;

/**
 * Both ends of a TCP connection through the mesh are told what fits (lesson 10). The kernel only ever lowers the value.
 * What is not steered is not clamped, so empty sets clamp nothing.
 */
export const clampRules = ({ mtu }: RuleOptions): string[] =>
  families.map((family) => {
    const size = mtu - ipHeader[family] - tcpHeader - tcpOptions;
    return `meta nfproto ipv${family} tcp flags syn tcp option maxseg size set ${size}`;
  });
