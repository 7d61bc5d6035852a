import type { Family } from "../net/index.ts";
import { exitRules } from "./exits.ts";
import type { Lookup } from "./lookups.ts";
import { cameInOutside, families, headerOf, matchOf, type RuleOptions, setBit } from "./match.ts";
import { otherTunnelRules } from "./other-meshes.ts";
import { ofWireGuard, strayRules } from "./own-packets.ts";

/**
 * The rules that lead packets to a target into another chain. All other packets, which are most of them on most nodes,
 * are done with here, and mostly without a lookup, which costs several times as much as a comparison.
 */
export const lookupRules = (lookups: readonly Lookup[], steering: string): string[] =>
  lookups.map(({ set, cover }) => {
    const inCover = cover === undefined ? "" : `${headerOf(set.family)} daddr ${cover} `;
    return `${inCover}${matchOf(set, "daddr")} goto ${steering}`;
  });

/**
 * The rules for a packet to a target. Those to a registry that have to pass. All others get the mark, while no bit outside our two is touched, and TCP is told the size that fits.
 */
export const steeringRules = (options: RuleOptions, clamp: string): string[] => [
  ...exitRules(options),
  `tcp flags syn jump ${clamp}`,
  markRule(options),
];

/**
 * The rules for a packet of the node itself to a target. A packet to the node itself needs no tunnel, whatever its
 * address. A packet that finds or answers a neighbour on a link belongs on that link, although the neighbour's address
 * may be a target: in the tunnel it would find nobody, and WireGuard could not reach a peer on the same IPv6 network.
 * Connections that arrived outside the mesh are answered outside it.
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
  ...otherTunnelRules(options, "accept"),
  ...strayRules(options),
  `${cameInOutside(options)} jump ${chains.answers}`,
  ...steeringRules(options, chains.clamp),
];

/** The rule that sets the mark. */
const markRule = (options: RuleOptions): string =>
  `${setBit("meta", options, options.marks.toWireGuard)} accept`;

/**
 * The rules that operators of KubeSpan know from Talos, word for word. They stand at the end of both chains
 * at the hooks. They say what the rules before them do, with the chains to which those lead, and no packet is left for
 * them.
 */
export const documentedRules = (options: RuleOptions): string[] => [
  `${ofWireGuard(options)} accept`,
  `ip daddr @kubespan_targets_ipv4 ${markRule(options)}`,
  `ip6 daddr @kubespan_targets_ipv6 ${markRule(options)}`,
];

const ipHeader: Readonly<Record<Family, number>> = { 4: 20, 6: 40 };
const tcpHeader = 20;
/** The bytes of TCP's timestamps, which nearly every connection has. They are not part of the MSS. */
const tcpOptions = 12;

/**
 * The rules that tell both ends of a TCP connection through the mesh the size that fits. The kernel only
 * ever lowers the value. A packet that is not steered is not clamped, so empty sets clamp nothing.
 */
export const clampRules = ({ mtu }: RuleOptions): string[] =>
  families.map((family) => {
    const size = mtu - ipHeader[family] - tcpHeader - tcpOptions;
    return `meta nfproto ipv${family} tcp flags syn tcp option maxseg size set ${size}`;
  });
