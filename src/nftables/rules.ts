import type { Marks } from "../config/config.ts";

/** What the rules need to know besides the sets. */
export interface RuleOptions {
  readonly marks: Marks;
  /** The link of the mesh. */
  readonly interfaceName: string;
  /** Bytes, of that link. */
  readonly mtu: number;
}

const maskOf = ({ fromWireGuard, toWireGuard }: Marks): number => (fromWireGuard | toWireGuard) >>> 0;

/** Packets of WireGuard itself pass; packets to a target get the mark, and no bit outside our two is touched. */
export function steeringRules({ marks }: RuleOptions): string[] {
  const { fromWireGuard, toWireGuard } = marks;
  const mask = maskOf(marks);
  // The bits of others and the one about to be set: the form in which the kernel gives the expression back.
  const kept = (~mask | toWireGuard) >>> 0;
  const mark = `meta mark set meta mark & ${hex(kept)} | ${hex(toWireGuard)}`;
  return [
    `meta mark & ${hex(mask)} == ${hex(fromWireGuard)} accept`,
    `ip daddr @kubespan_targets_ipv4 ${mark} accept`,
    `ip6 daddr @kubespan_targets_ipv6 ${mark} accept`,
  ];
}

/**
 * Who came in outside the mesh is answered outside it (lesson 11): the connection carries our bit for "not into
 * WireGuard", and its replies, local and forwarded, pass without the mark. The direction comes first: it is cheap, and
 * most packets that are steered begin here.
 */
export const replyRule = ({ marks }: RuleOptions): string =>
  `ct direction reply ct mark & ${hex(maskOf(marks))} == ${hex(marks.fromWireGuard)} accept`;

/**
 * What finds or answers a neighbour on the link itself belongs on that link, although the neighbour's address may be a
 * target: in the tunnel it would find nobody, and WireGuard could not reach a peer on the same IPv6 network.
 */
export const neighbourRule = "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept";

/**
 * Remembers, on a connection's first packet, that it came in outside the mesh from an address whose replies would be
 * steered into it. Only the first packet counts: nobody outside can turn a connection of the mesh into one in clear by
 * forging a packet of it. The first packet of it that does come through the mesh takes it in for good.
 */
export function arrivalRules({ marks, interfaceName }: RuleOptions): string[] {
  const { fromWireGuard } = marks;
  const mask = maskOf(marks);
  const others = ~mask >>> 0;
  const kept = (others | fromWireGuard) >>> 0;
  const mark = `ct mark set ct mark & ${hex(kept)} | ${hex(fromWireGuard)}`;
  const isOutside = `ct mark & ${hex(mask)} == ${hex(fromWireGuard)}`;
  return [
    `iifname "${interfaceName}" ct direction original ${isOutside} ct mark set ct mark & ${hex(others)}`,
    `ct status ! confirmed iifname != "${interfaceName}" ip saddr @kubespan_targets_ipv4 ${mark}`,
    `ct status ! confirmed iifname != "${interfaceName}" ip6 saddr @kubespan_targets_ipv6 ${mark}`,
  ];
}

const tcpHeader = 20;
/** Timestamps, which nearly every connection has; they are not part of the MSS. */
const tcpOptions = 12;

/**
 * Both ends of a TCP connection through the mesh are told what fits (lesson 10). The kernel only ever lowers the value.
 * What is not steered is not clamped, so empty sets clamp nothing.
 */
export function clampRules({ marks, mtu }: RuleOptions): string[] {
  const steered = `meta mark & ${hex(maskOf(marks))} == ${hex(marks.toWireGuard)}`;
  const clamp = (family: string, header: number): string =>
    `${steered} meta nfproto ${family} tcp flags syn tcp option maxseg size set ${mtu - header - tcpHeader - tcpOptions}`;
  return [clamp("ipv4", 20), clamp("ipv6", 40)];
}

const hex = (value: number): string => `0x${(value >>> 0).toString(16).padStart(8, "0")}`;
