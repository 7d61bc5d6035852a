import { hexWord } from "../base/index.ts";
import { maskOf } from "../net/index.ts";
import { answerRules } from "./arrival.ts";
import { dropRule } from "./counters.ts";
import { exitedChains, exitedRules } from "./exits.ts";
import type { Lookup } from "./lookups.ts";
import { cameInOutside, canHaveBoth, clearBits, hasBoth, type RuleOptions } from "./match.ts";
import { otherLinkRules, otherTunnelRules } from "./other-meshes.ts";
import { ownPacketRules } from "./own-packets.ts";
import { specialRules } from "./special.ts";
import { lookupRules } from "./steering.ts";

/**
 * The chains that come after everything else, where nothing can send a packet another way any more: a packet for a
 * target leaves by the mesh's link or not at all. A rule before ours, a socket that is bound to a link, or a rule or
 * route that somebody deleted may lead a packet past the routing, but not past these chains. They are given by name, in
 * the order in which they refer to each other. Where the operator lets traffic to lost peers out, nothing is dropped.
 */
export const leavingChains = (
  options: RuleOptions,
  lookups: readonly Lookup[],
): (readonly [string, readonly string[]])[] =>
  options.isClosed
    ? [
        entered(options),
        ["kubespan_astray", astrayRules],
        ["kubespan_answered", answerRules(options, letOut(options))],
        ...exitedChains(options, letOut(options)),
        ["kubespan_unmarked", unmarkedRules(options, "kubespan_answered")],
        [
          "kubespan_leaving",
          [
            head,
            `oifname "${options.interfaceName}" goto kubespan_entered`,
            ...otherLinkRules(options),
            'oif "lo" accept',
            `${markedForMesh(options)} goto kubespan_astray`,
            ...specialRules(lookups),
            ...lookupRules(lookups, "kubespan_unmarked"),
          ],
        ],
      ]
    : [
        entered(options),
        ["kubespan_leaving", [head, `oifname "${options.interfaceName}" goto kubespan_entered`]],
      ];

/** The chain comes after the translation of sources, which is the last thing that others do to a packet. */
const head = "type filter hook postrouting priority 200; policy accept;";

/**
 * The rule by which the route of a TCP connection tells both ends the size that fits: where only smaller packets pass to a
 * peer, the routes to it have an MTU of their own. This is known here, where the mark has led the packet to its route, and
 * not sooner. The kernel only ever lowers the value.
 */
const routeClampRule = "tcp flags syn tcp option maxseg size set rt mtu";

/**
 * The chain for what goes into the mesh. A connection that begins there goes on there, so the note is used up that says
 * of others that they go on outside. A note for `behindRules` is still there if somebody else has translated the source,
 * since the kernel then asks no further chain for a translation.
 */
const entered = (options: RuleOptions): readonly [string, readonly string[]] => [
  "kubespan_entered",
  [
    routeClampRule,
    ...(canHaveBoth(options)
      ? [`ct direction original ${hasBoth(options)} ${clearBits("ct", options)}`]
      : []),
  ],
];

const markedForMesh = ({ marks }: RuleOptions): string =>
  `meta mark & ${hexWord(maskOf(marks))} == ${hexWord(marks.toWireGuard)}`;

/**
 * A match for a frame that a bridge only passes on. Such a frame has a link-layer header, and came from no link, since
 * br_netfilter names none at this hook. A packet that the node sends itself has no such header yet, and a packet that
 * it routes names the link by which it came. The chain before marks these frames too, but they leave as they came: a
 * machine behind a bridge has a mesh of its own.
 */
const bridgedOnly = "iif 0 @ll,48,48 != 0x0";

/**
 * The rules for packets that are marked for the mesh, and are on another way. While the kernel makes a report of
 * multicast groups, it keeps something else in the place of the mark, and leaves it there: that is nobody's mark.
 */
const astrayRules = [
  "ip daddr 224.0.0.0/4 accept",
  "ip6 daddr ff00::/8 accept",
  `${bridgedOnly} accept`,
  dropRule("leaving"),
];

/**
 * The rules for packets to a target without the mark: those that the chains before let go on purpose, and those that
 * never passed these chains.
 */
const unmarkedRules = (options: RuleOptions, answered: string): string[] => [
  ...ownPacketRules(options, letOut(options)),
  ...otherTunnelRules(options, letOut(options)),
  "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept",
  `${cameInOutside(options)} jump ${answered}`,
  ...exitedRules(options),
  `${bridgedOnly} accept`,
  dropRule("leaving"),
];

/** The verdict that sets both bits together and accepts. The second barrier, which sees only marks, lets such a packet go. */
const letOut = ({ marks }: RuleOptions): string =>
  `meta mark set meta mark | ${hexWord(maskOf(marks))} accept`;
