import { hexWord } from "../base/index.ts";
import { maskOf } from "../net/index.ts";
import { answerRules } from "./arrival.ts";
import { dropRule } from "./counters.ts";
import type { Lookup } from "./lookups.ts";
import { cameInOutside, type RuleOptions } from "./match.ts";
import { specialRules } from "./special.ts";
import { lookupRules, ofWireGuard, passingRule } from "./steering.ts";

/**
 * After everything else, where nothing can send a packet another way any more: what goes to a target leaves by the link
 * or not at all. A rule before ours, a socket that is bound to a link, a rule or a route that somebody deleted: each leads
 * a packet past the routing, none past this. Gives the chains by name, in the order in which they refer to each other;
 * none where the operator lets traffic to lost peers out.
 */
export const leavingChains = (
  options: RuleOptions,
  lookups: readonly Lookup[],
): (readonly [string, readonly string[]])[] =>
  options.isClosed
    ? [
        ["kubespan_astray", astrayRules],
        ["kubespan_answered", answerRules(options, letOut(options))],
        ["kubespan_unmarked", unmarkedRules(options, "kubespan_answered")],
        [
          "kubespan_leaving",
          [
            // After the translation of sources, the last thing that others do to a packet.
            "type filter hook postrouting priority 200; policy accept;",
            `oifname "${options.interfaceName}" accept`,
            'oif "lo" accept',
            `${markedForMesh(options)} goto kubespan_astray`,
            ...specialRules(lookups),
            ...lookupRules(lookups, "kubespan_unmarked"),
          ],
        ],
      ]
    : [];

const markedForMesh = ({ marks }: RuleOptions): string =>
  `meta mark & ${hexWord(maskOf(marks))} == ${hexWord(marks.toWireGuard)}`;

/**
 * A frame that a bridge only passes on: it has a link-layer header, and came from no link, since br_netfilter names none
 * at this hook. What the node sends itself has no such header yet, and what it routes names the link it came by. The
 * chain before marks these frames too, but they leave as they came: a machine behind a bridge has a mesh of its own.
 */
const bridgedOnly = "iif 0 @ll,48,48 != 0x0";

/**
 * Marked for the mesh, and on another way. The kernel keeps something else in the place of the mark while it makes a
 * report of multicast groups, and leaves it there: those are nobody's mark.
 */
const astrayRules = [
  "ip daddr 224.0.0.0/4 accept",
  "ip6 daddr ff00::/8 accept",
  `${bridgedOnly} accept`,
  dropRule("leaving"),
];

/** To a target without the mark: what the chains before let go on purpose, and what never passed them. */
const unmarkedRules = (options: RuleOptions, answered: string): string[] => [
  passingRule(options),
  // WireGuard's own, whose port somebody translated.
  `${ofWireGuard(options)} meta l4proto udp ct original proto-src ${options.listenPort} ${letOut(options)}`,
  "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept",
  `${cameInOutside(options)} jump ${answered}`,
  `${bridgedOnly} accept`,
  dropRule("leaving"),
];

/** Both bits together: the second barrier, which sees marks only, lets such a packet go. */
const letOut = ({ marks }: RuleOptions): string =>
  `meta mark set meta mark | ${hexWord(maskOf(marks))} accept`;
