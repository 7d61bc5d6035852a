import { hexWord, nameFor, type Step } from "../base/index.ts";
import { cookieReplyBytes, initiationBytes, responseBytes } from "../handshake/index.ts";
import { type Marks, maskOf } from "../net/index.ts";
import { deletingText, nftStep, type TableName } from "../nftables/index.ts";
import { magicCookie, messageTypes } from "../stun/index.ts";
import { arrivingRules, type Guessing, leavingRules, noGuessing, openingRules } from "./guessed.ts";
import { type PlacedPin, pinText } from "./pin.ts";

/** The table for racing of the mesh with this link. It is a table of its own, so that `talos_kubespan` stays as it is documented. */
export const racingTableNameOf = (interfaceName: string): TableName =>
  nameFor("inet kubespan_racing", interfaceName);

/** The upper bits of our sender indices. WireGuard's own are random, so that one answer in a million is taken from it. */
const tagMask = 0xfffff000;
const counterMask = 0xfff;
/** The number of initiations that can be told apart. */
export const mostIndices = counterMask + 1;

/** Makes a tag from four random bytes. */
export const tagFrom = (random: Uint8Array): number => (Buffer.from(random).readUInt32BE(0) & tagMask) >>> 0;

export const indexOf = (tag: number, count: number): number => (tag | (count & counterMask)) >>> 0;

export interface RacingRules {
  /** The name of the mesh's link. */
  readonly interfaceName: string;
  readonly marks: Marks;
  readonly listenPort: number;
  /** The ports of our sockets; on a machine without IPv6 there is no socket for it. */
  readonly ports: { readonly ipv4: number; readonly ipv6?: number };
  readonly tag: number;
  /**
   * The user of the sockets: after the daemon has ended, somebody else may get their ports, but never leave with
   * WireGuard's mark because of that.
   */
  readonly userId: number;
  readonly pins?: readonly PlacedPin[];
  readonly guessing?: Guessing;
}

/**
 * The table that lets our sockets share WireGuard's port. Nothing else is ever touched: type, length and tag have to
 * fit, so that a table that a killed daemon left behind does no harm to programs that get its ports.
 * - On the way out, before connection tracking, initiations leave from the listen port, as WireGuard's own do, and with
 *   its mark, so that they are not steered into the mesh. The chain is of type `route`, so that the mark counts for
 *   their route.
 * - On the way in, after connection tracking and after filters, answers to our indices go to our sockets.
 * WireGuard's own packets are left alone, except for those that are pinned, and those of paths that were guessed.
 */
export const racingTableText = (options: RacingRules): string => {
  const { marks, listenPort, ports, tag, userId, pins = [], guessing = noGuessing } = options;
  const pinned = pinText(pins, listenPort);
  const mark = `meta mark set meta mark & ${hexWord(~maskOf(marks))} | ${hexWord(marks.fromWireGuard)}`;
  const families = [
    ["ipv4", ports.ipv4] as const,
    ...(ports.ipv6 === undefined ? [] : [["ipv6", ports.ipv6] as const]),
  ];
  // The tag is in the transaction id of requests to STUN servers.
  const outgoing = families.map(
    ([family, port]) =>
      `meta nfproto ${family} udp sport ${port} meta skuid ${userId} ${message(1, initiationBytes, 4, tag)} ${mark} udp sport set ${listenPort}`,
  );
  const questions = families.map(
    ([family, port]) =>
      `meta nfproto ${family} udp sport ${port} meta skuid ${userId} ${stunMessage("request", tag)} ${mark} udp sport set ${listenPort}`,
  );
  const told = families.map(
    ([family, port]) =>
      `meta nfproto ${family} udp dport ${listenPort} ${stunMessage("success", tag)} udp dport set ${port}`,
  );
  const incoming = families.flatMap(([family, port]) =>
    [message(2, responseBytes, 8, tag), message(3, cookieReplyBytes, 4, tag)].map(
      (answer) => `meta nfproto ${family} udp dport ${listenPort} ${answer} udp dport set ${port}`,
    ),
  );
  return [
    `table ${racingTableNameOf(options.interfaceName)} {`,
    ...pinned.sets,
    ...chain("outgoing", "type route hook output priority raw; policy accept;", [
      ...pinned.rules,
      ...outgoing,
      ...questions,
      ...openingRules(guessing, { userId, message: stunMessage("request", tag), mark }),
      ...leavingRules(guessing, listenPort),
    ]),
    ...chain("incoming", "type filter hook input priority 150; policy accept;", [
      ...arrivingRules(guessing, listenPort),
      ...incoming,
      ...told,
    ]),
    "}",
    "",
  ].join("\n");
};

/** The steps that remove the table of a daemon that was killed. */
export const planNoRacing = (listing: string | undefined, interfaceName: string): Step[] =>
  listing === undefined
    ? []
    : [nftStep("delete the nft table for racing", deletingText(racingTableNameOf(interfaceName)))];

const udpHeaderBytes = 8;

/**
 * Matches a message of this type and length with our tag in the index at that offset. The three bytes after the type
 * are zero.
 */
const message = (type: number, bytes: number, indexAt: number, tag: number): string =>
  [
    `udp length ${udpHeaderBytes + bytes}`,
    `@th,${8 * udpHeaderBytes},32 ${hexWord(type << 24)}`,
    `@th,${8 * (udpHeaderBytes + indexAt)},32 & ${hexWord(tagMask)} == ${hexWord(tag)}`,
  ].join(" ");

/** Matches a STUN message of this type with our tag at the beginning of its transaction id. Its attributes may be any. */
const stunMessage = (type: keyof typeof messageTypes, tag: number): string =>
  [
    `@th,${8 * udpHeaderBytes},16 ${hexWord(messageTypes[type])}`,
    `@th,${8 * (udpHeaderBytes + 4)},32 ${hexWord(magicCookie)}`,
    `@th,${8 * (udpHeaderBytes + 8)},32 & ${hexWord(tagMask)} == ${hexWord(tag)}`,
  ].join(" ");

const chain = (name: string, hook: string, rules: readonly string[]): string[] => [
  `\tchain ${name} {`,
  ...[hook, ...rules].map((line) => `\t\t${line}`),
  "\t}",
];
