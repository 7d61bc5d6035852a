import type { Marks } from "../config/config.ts";
import { addressFromBigInt, type Family, widthOf } from "../net/index.ts";
import type { Lookup } from "./lookups.ts";
import type { TargetSet } from "./sets.ts";

/** What the rules need to know besides the sets. */
export interface RuleOptions {
  readonly marks: Marks;
  /** The link of the mesh. */
  readonly interfaceName: string;
  /** Bytes, of that link. */
  readonly mtu: number;
  /** WireGuard's UDP port. */
  readonly listenPort: number;
  /** Whether what goes to a target leaves through the mesh or not at all. */
  readonly isClosed: boolean;
}

export const maskOf = ({ fromWireGuard, toWireGuard }: Marks): number => (fromWireGuard | toWireGuard) >>> 0;

const headerOf = (family: Family): string => (family === 4 ? "ip" : "ip6");

/** A match for a packet whose address is in the set. */
function matchOf({ name, family, bits }: TargetSet, end: "saddr" | "daddr"): string {
  const mask = bits === undefined || bits === widthOf(family) ? "" : ` & ${netmask(family, bits)}`;
  return `${headerOf(family)} ${end}${mask} @${name}`;
}

const netmask = (family: Family, bits: number): string => {
  const width = BigInt(widthOf(family));
  const hostBits = width - BigInt(bits);
  return addressFromBigInt(family, ((1n << width) - 1n) ^ ((1n << hostBits) - 1n));
};

const families: readonly Family[] = [4, 6];

/**
 * Packets to a target go on in another chain. All others, which are most of them on most nodes, are done here, and mostly
 * without a lookup, which costs several times what a comparison does.
 */
export const lookupRules = (lookups: readonly Lookup[], steering: string): string[] => [
  ...lookups.map(({ set, cover }) => {
    const inCover = cover === undefined ? "" : `${headerOf(set.family)} daddr ${cover} `;
    return `${inCover}${matchOf(set, "daddr")} goto ${steering}`;
  }),
  "accept",
];

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
  clamp: string,
): string[] => [
  'oif "lo" accept',
  ...(lookups.some(({ set }) => set.family === 6)
    ? ["icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept"]
    : []),
  `${cameInOutside(options)} ct direction reply accept`,
  ...steeringRules(options, clamp),
];

export const cameInOutside = ({ marks }: RuleOptions): string =>
  `ct mark & ${hex(maskOf(marks))} == ${hex(marks.fromWireGuard)}`;

/**
 * WireGuard's own packets, by its mark and its port: whoever may set marks on his sockets cannot get past the mesh with
 * the mark alone.
 */
export const passingRule = (options: RuleOptions): string =>
  `${ofWireGuard(options)} udp sport ${options.listenPort} accept`;

export const ofWireGuard = ({ marks }: RuleOptions): string =>
  `meta mark & ${hex(maskOf(marks))} == ${hex(marks.fromWireGuard)}`;

/** The bits of others and the one about to be set: the form in which the kernel gives the expression back. */
function markRule({ marks }: RuleOptions): string {
  const { toWireGuard } = marks;
  const kept = (~maskOf(marks) | toWireGuard) >>> 0;
  return `meta mark set meta mark & ${hex(kept)} | ${hex(toWireGuard)} accept`;
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

/** The first packet of a connection, and packets of one that came in outside the mesh, are looked at more closely. */
export const connectionRules = (options: RuleOptions, arriving: string, outside: string): string[] => [
  `ct status ! confirmed jump ${arriving}`,
  `${cameInOutside(options)} jump ${outside}`,
];

/**
 * Remembers, on a connection's first packet, that it came in outside the mesh from an address whose replies would be
 * steered into it. Only the first packet counts: nobody outside can turn a connection of the mesh into one in clear by
 * forging a packet of it.
 */
export function arrivalRules({ marks, interfaceName }: RuleOptions, lookups: readonly Lookup[]): string[] {
  const { fromWireGuard } = marks;
  const kept = (~maskOf(marks) | fromWireGuard) >>> 0;
  const mark = `ct mark set ct mark & ${hex(kept)} | ${hex(fromWireGuard)}`;
  return [
    `iifname "${interfaceName}" return`,
    ...lookups.map(({ set }) => `${matchOf(set, "saddr")} ${mark}`),
  ];
}

/**
 * The first packet of such a connection that does come through the mesh takes it in for good. Until then, who came in
 * outside the mesh is answered outside it (lesson 11), also by whoever is behind this node.
 */
export const outsideRules = ({ marks, interfaceName }: RuleOptions): string[] => [
  `iifname "${interfaceName}" ct direction original ct mark set ct mark & ${hex(~maskOf(marks))}`,
  "ct direction reply accept",
];

export const hex = (value: number): string => `0x${(value >>> 0).toString(16).padStart(8, "0")}`;
