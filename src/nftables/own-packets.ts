import { hexWord } from "../base/index.ts";
import { maskOf } from "../net/index.ts";
import { dropRule } from "./counters.ts";
import { cameInOutside, clearBits, type RuleOptions, setBit } from "./match.ts";
import { protocolMatch } from "./protocols.ts";

/*
 * WireGuard's own packets are those that this node sends from its port with its mark. The mark shows that no other
 * program made them, but it does not last: others copy the mark of a connection over it (GKE's netd, guides for several
 * uplinks), or write one of theirs. In the link, WireGuard's packets would be wrapped again and again. So the connection
 * of such a packet bears the mark as well, from a place where nobody has overwritten it yet, and whoever copies marks
 * copies the right one.
 */

/** A match for packets with the mark that WireGuard sets. */
export const ofWireGuard = ({ marks }: RuleOptions): string =>
  `meta mark & ${hexWord(maskOf(marks))} == ${hexWord(marks.fromWireGuard)}`;

/**
 * The rules of the chain that notes WireGuard's connections, between connection tracking and the mangle table. A packet
 * from its port without its mark is somebody else's, who got the port while the link was gone: its connection may be the
 * same, and is WireGuard's no longer.
 */
export const notingRules = (options: RuleOptions): string[] => [
  "type filter hook output priority -165; policy accept;",
  `${ofWireGuard(options)} udp sport ${options.listenPort} ${setBit("ct", options, options.marks.fromWireGuard)} accept`,
  `udp sport ${options.listenPort} ${clearBits("ct", options)}`,
];

/** The rule that leads what this node sends from WireGuard's port to the rules below, before any lookup. */
export const fromPortRule = ({ listenPort }: RuleOptions, chain: string): string =>
  `udp sport ${listenPort} jump ${chain}`;

/**
 * The rules for what this node sends from WireGuard's port. WireGuard's own packets leave with their mark, known by it
 * or by that of their connection. What is not WireGuard's for certain loses our bits, so that no rule of others leads it
 * into the link.
 */
export const fromPortRules = (options: RuleOptions): string[] => [
  `${ofWireGuard(options)} accept`,
  `${cameInOutside(options)} ${setBit("meta", options, options.marks.fromWireGuard)} accept`,
  clearBits("meta", options),
];

/**
 * The rule for a packet of this node to a target from WireGuard's port that is not WireGuard's for certain: it can go
 * neither into the link nor past it.
 */
export const strayRules = (options: RuleOptions): string[] => [
  `udp sport ${options.listenPort} ${dropRule("leaving")}`,
  `${ofWireGuard(options)} ${protocolMatch("udp")} ${dropRule("leaving")}`,
];

/**
 * The rules that let WireGuard's own packets to a target out. A program that may set marks on its sockets cannot get
 * past the mesh with the mark alone. `letOut` is the verdict for packets of which the second barrier, which sees only
 * marks and ports, could not tell: their port was translated, or somebody has overwritten their mark.
 */
export function ownPacketRules(options: RuleOptions, letOut: string): string[] {
  const { listenPort } = options;
  const both = `${cameInOutside(options)} ${protocolMatch("udp")}`;
  return [
    `${ofWireGuard(options)} udp sport ${listenPort} accept`,
    `${ofWireGuard(options)} ${protocolMatch("udp")} ct original proto-src ${listenPort} ${letOut}`,
    `${both} ct original proto-src ${listenPort} ${letOut}`,
    `${both} ct reply proto-src ${listenPort} ${letOut}`,
  ];
}
