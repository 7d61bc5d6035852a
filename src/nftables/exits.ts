import { familyOf } from "../net/index.ts";
import type { Clients } from "./exit.ts";
import {
  cameInOutside,
  canHaveBoth,
  families,
  hasBoth,
  headerOf,
  type RuleOptions,
  setBoth,
} from "./match.ts";
import { protocolMatch } from "./protocols.ts";

const chains = {
  outside: "kubespan_registries",
  ofDaemon: "kubespan_daemon_exits",
  exits: "kubespan_exits",
  letOut: "kubespan_exited",
} as const;

/** Whether no exit is made: there is none, or the mark of a connection cannot note it. */
const hasNone = (options: RuleOptions): boolean =>
  !canHaveBoth(options) || (options.exits.registries.length === 0 && options.exits.served.length === 0);

/*
 * The mark of a connection that goes outside has both bits, which notes it for all of its packets. No packet of ours has
 * both before the last hook, so a program that copies marks from packets to connections opens nothing.
 */

/** The rules that find packets to a registry, and answers of one, and nothing else. They end in these verdicts. */
function registryRules({ exits }: RuleOptions, verdicts: Readonly<Record<Clients, string>>): string[] {
  const { registries, served } = exits;
  return [
    ...registries.flatMap(({ address, port, clients }) => {
      const header = headerOf(familyOf(address));
      const verdict = `ct direction original ${verdicts[clients]}`;
      return [
        `${header} daddr ${address} tcp dport ${port} ${verdict}`,
        // The address is that of a Service, say, and was translated before.
        `${protocolMatch("tcp")} ct original ${header} daddr ${address} ct original proto-dst ${port} ${verdict}`,
      ];
    }),
    ...served.flatMap(({ port }) =>
      ["tcp flags ack", "tcp flags ! syn"].map(
        (flags) => `${flags} ct direction reply ct original proto-dst ${port} ${verdicts.node}`,
      ),
    ),
  ];
}

/**
 * The rule that leads packets to a target past the mesh if they are a registry's and have to go outside. There is none
 * where no registry can be met outside.
 */
export const exitRules = (options: RuleOptions): string[] =>
  hasNone(options) ? [] : [`${protocolMatch("tcp")} jump ${chains.outside}`];

/**
 * The chains that decide which packets go outside. A connection does so if its member is not connected at the time of
 * any of its packets, and goes on to do so once it was answered. A connection of the daemon is known by its group.
 * Pods are never met outside, and what came from another machine in the mesh goes on in the mesh.
 */
export function exitChains(options: RuleOptions): (readonly [string, readonly string[]])[] {
  if (hasNone(options)) return [];
  const { group } = options.exits;
  const own = group === undefined ? [] : [`meta skgid ${group} goto ${chains.exits}`];
  return [
    [
      chains.exits,
      [
        `${hasBoth(options)} ct status seen-reply accept`,
        `${cameInOutside(options)} return`,
        `iifname "${options.interfaceName}" return`,
        ...families.map((family) => `${headerOf(family)} daddr @kubespan_pods_ipv${family} return`),
        ...families.map(
          (family) => `${headerOf(family)} daddr @kubespan_tolerated_ipv${family} ${setBoth(options)} accept`,
        ),
      ],
    ],
    [chains.ofDaemon, [`${hasBoth(options)} goto ${chains.exits}`, ...own]],
    [
      chains.outside,
      registryRules(options, { node: `goto ${chains.exits}`, daemon: `goto ${chains.ofDaemon}` }),
    ],
  ];
}

/** The rules that note, on the first packet of a connection from outside to a registry here, where it is answered. */
export const servingRules = (options: RuleOptions, clients: Clients): string[] =>
  hasNone(options)
    ? []
    : options.exits.served
        .filter((served) => served.clients === clients)
        .map(({ port }) => `tcp flags syn ct original proto-dst ${port} ${setBoth(options)} return`);

/** The rule and the chain of the last hook, where such a packet is let out, by this verdict, if it got there unmarked. */
export const exitedRules = (options: RuleOptions): string[] =>
  hasNone(options) ? [] : [`${hasBoth(options)} jump ${chains.letOut}`];

export const exitedChains = (
  options: RuleOptions,
  verdict: string,
): (readonly [string, readonly string[]])[] =>
  hasNone(options) ? [] : [[chains.letOut, registryRules(options, { node: verdict, daemon: verdict })]];
