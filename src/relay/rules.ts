import { hexWord, nameFor, type Step } from "../base/index.ts";
import { cookieReplyBytes, initiationBytes, responseBytes } from "../handshake/index.ts";
import {
  type Endpoint,
  endpointAddress,
  endpointPort,
  type Family,
  type Marks,
  maskOf,
} from "../net/index.ts";
import { deletingText, nftStep, type TableName } from "../nftables/index.ts";

/**
 * The tables for relaying of the mesh with this link, one for each family, because a copy of a packet can be made in no
 * table of both. They are tables of their own, so that `talos_kubespan` stays as it is documented.
 */
export const relayTablesOf = (interfaceName: string): Readonly<Record<Family, TableName>> => ({
  4: nameFor("ip kubespan_relay", interfaceName),
  6: nameFor("ip6 kubespan_relay", interfaceName),
});

/** WireGuard accepts no packet of a session that is older than this. */
const sessionSeconds = 180;
/** What is under way when a session ends may still arrive. */
const wayTimeout = `${sessionSeconds + 10}s`;
/**
 * The handshakes of each member that are looked at, a second and in a burst. What is forged in its name counts as well, so
 * there are many more than a member makes; most cost the daemon two hashes.
 */
const handshakes = "limit rate 200/second burst 200 packets";
const mostMembers = 16_384;
const mostUnasked = 4_096;
/** What was passed on in the kernel. The counter stays while the rules are put in order. */
export const relayedCounter = "relayed";
/** Each session of a pair has two ways, and in a minute of races a pair makes several sessions. */
const waysForPair = 64;

export interface RelayRules {
  readonly interfaceName: string;
  readonly marks: Marks;
  readonly listenPort: number;
  readonly family: Family;
  /** The port of the daemon's socket. */
  readonly port: number;
  /**
   * The user of the sockets: after the daemon has ended, somebody else may get their ports, but never leave with
   * WireGuard's mark because of that.
   */
  readonly userId: number;
  readonly maxPairs: number;
  readonly maxBytesPerSecond: number;
}

const words = { 4: { ip: "ip", loopback: "127.0.0.1" }, 6: { ip: "ip6", loopback: "::1" } } as const;
const udpHeaderBytes = 8;
/** The types of handshake messages, and their lengths with the header. They are the first word of a message. */
const types = [1, 2, 3].map((type) => hexWord(type << 24)).join(", ");
const lengths = [cookieReplyBytes, responseBytes, initiationBytes]
  .map((bytes) => udpHeaderBytes + bytes)
  .join(", ");
const isHandshake = `@th,64,32 { ${types} } udp length { ${lengths} }`;
const isInitiation = `@th,64,32 ${hexWord(1 << 24)} udp length ${udpHeaderBytes + initiationBytes}`;
const isData = `@th,64,32 ${hexWord(4 << 24)}`;

/**
 * The transaction that makes the table of a family, or puts the rules of one that is there in order. What is in its maps
 * stays: sessions go on while the daemon is away, and the next one takes them over.
 *
 * A relayed packet is one whose source and receiver index stand in the set and the maps. All others, this node's own among them, are
 * left alone.
 * - `copying`: handshakes of members are copied to the daemon by way of `lo`, so WireGuard's own never depend on it.
 *   Data that will be relayed is kept from connection tracking.
 * - `turning`: data gets its new destination, after `talos_kubespan` has seen it as what it was, and with WireGuard's mark,
 *   so that it never goes into this node's own tunnel.
 * - `leaving`: it gets this node's own source, before `talos_kubespan` judges what leaves. No earlier, because a packet
 *   from outside with a source of this node's own is none that the kernel would forward.
 */
export function relayTableText(options: RelayRules): string {
  const { interfaceName, marks, listenPort, family, port, userId } = options;
  const table = relayTablesOf(interfaceName)[family];
  const { ip, loopback } = words[family];
  const source = `${ip} saddr . udp sport`;
  const way = `${source} . @th,96,32`;
  const mark = `meta mark set meta mark & ${hexWord(~maskOf(marks))} | ${hexWord(marks.fromWireGuard)}`;
  const isMarked = `meta mark & ${hexWord(maskOf(marks))} == ${hexWord(marks.fromWireGuard)}`;
  const mostWays = options.maxPairs * waysForPair;
  const map = (name: string, value: string): string =>
    `\tmap ${name} { typeof ${way} : ${value}; size ${mostWays}; flags timeout; timeout ${wayTimeout}; }`;
  const chains: readonly (readonly [name: string, hook: string, rules: readonly string[]])[] = [
    [
      "copying",
      "type filter hook prerouting priority -310; policy accept;",
      [
        `iif lo udp dport ${listenPort} ${isHandshake} ${source} @members udp dport set ${port} accept`,
        `iif != lo udp dport ${listenPort} ${isHandshake} ${source} @members update @paces { ${source} ${handshakes} } dup to ${loopback} device "lo"`,
        `udp dport ${listenPort} ${isData} ${way} @ways ${isForThis} notrack`,
      ],
    ],
    [
      "turning",
      "type filter hook prerouting priority 30; policy accept;",
      [
        `udp dport ${listenPort} ${isData} ${way} @ways ${isForThis} ${ip} daddr set ${way} map @addresses udp dport set ${way} map @ports ${mark} limit rate over ${options.maxBytesPerSecond} bytes/second burst ${options.maxBytesPerSecond} bytes drop`,
      ],
    ],
    [
      "leaving",
      "type filter hook postrouting priority -310; policy accept;",
      [
        `${isMarked} ${isData} ${ip} saddr set ${way} map @sources udp sport set ${listenPort} counter name ${relayedCounter}`,
      ],
    ],
    [
      "noting",
      "type filter hook input priority 10; policy accept;",
      [`iif != lo udp dport ${listenPort} ${isInitiation} ct state new update @unasked { ${source} }`],
    ],
    [
      "sending",
      "type route hook output priority -310; policy accept;",
      [`udp sport ${port} meta skuid ${userId} ${isHandshake} ${mark} udp sport set ${listenPort}`],
    ],
  ];
  return [
    `table ${table} {`,
    `\tset members { typeof ${source}; size ${mostMembers}; }`,
    `\tset paces { typeof ${source}; size ${mostMembers}; flags dynamic,timeout; timeout 1m; }`,
    `\tset unasked { typeof ${source}; size ${mostUnasked}; flags dynamic,timeout; timeout 10m; }`,
    // Linux 6.1 looks nothing up in a map without taking its value, so what only asks for a way has a set of its own.
    `\tset ways { typeof ${way}; size ${mostWays}; flags timeout; timeout ${wayTimeout}; }`,
    map("addresses", `${ip} daddr`),
    map("ports", "udp dport"),
    map("sources", `${ip} saddr`),
    `\tcounter ${relayedCounter} { }`,
    ...chains.map(([name, hook]) => `\tchain ${name} { ${hook} }`),
    "}",
    `flush table ${table}`,
    `flush set ${table} members`,
    ...chains.flatMap(([name, , rules]) => rules.map((rule) => `add rule ${table} ${name} ${rule}`)),
    "",
  ].join("\n");
}

/** What a router passes on to another node that listens at the same port is not for this one. */
const isForThis = "fib daddr type local";

const elementOf = (endpoint: Endpoint): string => `${endpointAddress(endpoint)} . ${endpointPort(endpoint)}`;

/** The transaction after which handshakes of these members are copied, and those of these no more. */
export const membersText = (
  table: TableName,
  { come, gone }: { readonly come: readonly Endpoint[]; readonly gone: readonly Endpoint[] },
): string =>
  [
    ...(gone.length > 0 ? [`delete element ${table} members { ${gone.map(elementOf).join(", ")} }`] : []),
    ...(come.length > 0 ? [`add element ${table} members { ${come.map(elementOf).join(", ")} }`] : []),
    "",
  ].join("\n");

/** What is sent from there to that receiver goes to that endpoint. */
export interface RelayedWay {
  readonly from: Endpoint;
  readonly receiverIndex: number;
  readonly to: Endpoint;
}

/** A way, and the address of this node from which packets leave on it. */
export type PlacedWay = RelayedWay & { readonly source: string };

/** The transaction that opens ways. */
export const waysText = (table: TableName, ways: readonly PlacedWay[]): string =>
  ways
    .flatMap(({ from, receiverIndex, to, source }) => {
      const key = `${elementOf(from)} . ${hexWord(receiverIndex)}`;
      return [
        `add element ${table} ways { ${key} }`,
        `add element ${table} addresses { ${key} : ${endpointAddress(to)} }`,
        `add element ${table} ports { ${key} : ${endpointPort(to)} }`,
        `add element ${table} sources { ${key} : ${source} }`,
      ];
    })
    .join("\n");

/** The steps that remove the tables that were found. */
export const planNoRelay = (found: readonly TableName[]): Step[] =>
  found.map((table) => nftStep(`delete the nft table ${table} for relaying`, deletingText(table)));
