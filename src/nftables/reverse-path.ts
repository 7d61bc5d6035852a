import { hexWord } from "../base/index.ts";
import { maskOf } from "../net/index.ts";
import { clearBits, type RuleOptions, setBit } from "./match.ts";

/*
 * Firewalls look up whether a packet came in by the link on which its source would be answered (firewalld, NixOS). What
 * comes out of the mesh would be answered there, but only a look-up with our mark finds that. So a packet bears the
 * mark from the first of its chains on until the last, which clears it: the packet is on its way out of the mesh, and
 * with the mark it would be routed into it again.
 */

/** The rules of the chain before those of others: what comes out of the mesh gets the mark. */
export const answerableRules = (options: RuleOptions): string[] => [
  "type filter hook prerouting priority -315; policy accept;",
  `iifname "${options.interfaceName}" ${setBit("meta", options, options.marks.toWireGuard)}`,
];

/**
 * The rule that clears our bits at the entrance, whoever set them: this program, or one that copies the whole mark of
 * a connection to its packets in both directions.
 */
export const cleanRule = (options: RuleOptions): string =>
  `meta mark & ${hexWord(maskOf(options.marks))} != 0x00000000 ${clearBits("meta", options)}`;
