import type { Marks } from "../config/config.ts";
import { addressFromBigInt, type Family, widthOf } from "../net/index.ts";
import type { TargetSet } from "./sets.ts";

/** What the rules need to know besides the sets. */
export interface RuleOptions {
  readonly marks: Marks;
  /** The link of the mesh. */
  readonly interfaceName: string;
  /** Bytes, of that link. */
  readonly mtu: number;
}

const maskOf = ({ fromWireGuard, toWireGuard }: Marks): number => (fromWireGuard | toWireGuard) >>> 0;

/**
 * A packet whose address is in the set. Most packets on most nodes are for nobody in the mesh: for them this is all that
 * is done, so everything else comes after it.
 */
export function matchOf({ name, family, bits }: TargetSet, end: "saddr" | "daddr"): string {
  const mask = bits === undefined || bits === widthOf(family) ? "" : ` & ${netmask(family, bits)}`;
  return `${family === 4 ? "ip" : "ip6"} ${end}${mask} @${name}`;
}

const netmask = (family: Family, bits: number): string => {
  const width = BigInt(widthOf(family));
  const hostBits = width - BigInt(bits);
  return addressFromBigInt(family, ((1n << width) - 1n) ^ ((1n << hostBits) - 1n));
};

/**
 * What becomes of a packet to a target. Packets of WireGuard itself pass. Who came in outside the mesh is answered
 * outside it (lesson 11): the connection carries our bit for "not into WireGuard", and its replies, local and forwarded,
 * pass. All others get the mark, and no bit outside our two is touched.
 */
export function steeringRules({ marks, mtu }: RuleOptions, family: Family): string[] {
  const { fromWireGuard, toWireGuard } = marks;
  const mask = maskOf(marks);
  const isOurs = `mark & ${hex(mask)} == ${hex(fromWireGuard)}`;
  // The bits of others and the one about to be set: the form in which the kernel gives the expression back.
  const kept = (~mask | toWireGuard) >>> 0;
  return [
    `meta ${isOurs} accept`,
    `ct direction reply ct ${isOurs} accept`,
    `meta mark set meta mark & ${hex(kept)} | ${hex(toWireGuard)}`,
    clampRule(mtu, family),
  ];
}

/**
 * The same for a packet of the node itself. One to the node itself needs no tunnel, whatever address it has. And what
 * finds or answers a neighbour on the link itself belongs on that link, although the neighbour's address may be a target:
 * in the tunnel it would find nobody, and WireGuard could not reach a peer on the same IPv6 network.
 */
export const localSteeringRules = (options: RuleOptions, family: Family): string[] => [
  'oif "lo" accept',
  ...(family === 6 ? ["icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept"] : []),
  ...steeringRules(options, family),
];

/**
 * The rules that operators of KubeSpan know, word for word (reference section 7), in both chains at the hooks. A packet of
 * a family whose tree is empty is done before them: they would look for it in vain.
 */
export function documentedRules({ marks }: RuleOptions, used: readonly TargetSet[]): string[] {
  const isEmpty = (family: Family): boolean =>
    !used.some((set) => set.family === family && set.bits === undefined);
  const empty = families.filter(isEmpty);
  const done =
    empty.length === families.length ? ["accept"] : empty.map((family) => `meta nfproto ipv${family} accept`);
  const { fromWireGuard, toWireGuard } = marks;
  const mask = maskOf(marks);
  const kept = (~mask | toWireGuard) >>> 0;
  const mark = `meta mark set meta mark & ${hex(kept)} | ${hex(toWireGuard)} accept`;
  return [
    ...done,
    `meta mark & ${hex(mask)} == ${hex(fromWireGuard)} accept`,
    `ip daddr @kubespan_targets_ipv4 ${mark}`,
    `ip6 daddr @kubespan_targets_ipv6 ${mark}`,
  ];
}

const families: readonly Family[] = [4, 6];

const ipHeader: Readonly<Record<Family, number>> = { 4: 20, 6: 40 };
const tcpHeader = 20;
/** Timestamps, which nearly every connection has; they are not part of the MSS. */
const tcpOptions = 12;

/**
 * Both ends of a TCP connection through the mesh are told what fits (lesson 10). The kernel only ever lowers the value.
 * What is not steered is not clamped, so empty sets clamp nothing.
 */
const clampRule = (mtu: number, family: Family): string =>
  `tcp flags syn tcp option maxseg size set ${mtu - ipHeader[family] - tcpHeader - tcpOptions}`;

/** The first packet of a connection, and packets of one that came in outside the mesh, are looked at more closely. */
export const connectionRules = ({ marks }: RuleOptions, arriving: string, outside: string): string[] => [
  `ct status ! confirmed jump ${arriving}`,
  `ct mark & ${hex(maskOf(marks))} == ${hex(marks.fromWireGuard)} jump ${outside}`,
];

/**
 * Remembers, on a connection's first packet, that it came in outside the mesh from an address whose replies would be
 * steered into it. Only the first packet counts: nobody outside can turn a connection of the mesh into one in clear by
 * forging a packet of it.
 */
export function arrivalRules({ marks, interfaceName }: RuleOptions, used: readonly TargetSet[]): string[] {
  const { fromWireGuard } = marks;
  const kept = (~maskOf(marks) | fromWireGuard) >>> 0;
  const mark = `ct mark set ct mark & ${hex(kept)} | ${hex(fromWireGuard)}`;
  return [`iifname "${interfaceName}" return`, ...used.map((set) => `${matchOf(set, "saddr")} ${mark}`)];
}

/** The first packet of such a connection that does come through the mesh takes it in for good. */
export const outsideRule = ({ marks, interfaceName }: RuleOptions): string =>
  `iifname "${interfaceName}" ct direction original ct mark set ct mark & ${hex(~maskOf(marks))}`;

const hex = (value: number): string => `0x${(value >>> 0).toString(16).padStart(8, "0")}`;
