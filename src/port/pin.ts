import { z } from "zod";
import { ofForm, parseToolJson, valueOf } from "../base/index.ts";
import {
  type Address,
  type Endpoint,
  endpointAddress,
  endpointPort,
  familyOf,
  parseAddress,
} from "../net/index.ts";

/**
 * A rule by which a peer's packets go to one endpoint, wherever WireGuard would send them. WireGuard answers to the
 * endpoint from which the last packet came. While a peer is moved from one endpoint to another, packets that are still
 * under way on the old path would turn WireGuard back, its own packets would then turn the peer, and so on. On a path
 * on which nothing is sent any more, nothing arrives soon.
 */
export interface Pin {
  readonly to: Endpoint;
  readonly instead: readonly Endpoint[];
}

/** A pin with the address of this node from which packets leave for the endpoint. */
export interface PlacedPin extends Pin {
  readonly source: Address;
}

/** The seconds after which the kernel forgets a pin by itself, so that a daemon that is killed leaves none behind. */
const pinnedAtMostSeconds = 30;

const families = { 4: ["ipv4", "ip"], 6: ["ipv6", "ip6"] } as const;

/**
 * The endpoints from which packets are turned away. An address cannot be replaced by one of the other family, so
 * packets to endpoints of another family are not pinned.
 */
const pinnedFrom = ({ to, instead }: Pin): readonly Endpoint[] => {
  const family = familyOf(endpointAddress(to));
  return instead.filter((each) => each !== to && familyOf(endpointAddress(each)) === family);
};

/**
 * The sets of a table, and its rules for WireGuard's own packets on their way out. Data and initiations are pinned,
 * because they would turn the peer. Answers go to the endpoint from which the question came, because the peer would not
 * know them otherwise.
 */
export function pinText(
  pins: readonly PlacedPin[],
  listenPort: number,
): { readonly sets: readonly string[]; readonly rules: readonly string[] } {
  const all = pins.flatMap((pin) => pinnedFrom(pin).map((from) => ({ ...pin, from })));
  const sets: string[] = [];
  for (const family of [4, 6] as const) {
    const elements = all
      .filter(({ to }) => familyOf(endpointAddress(to)) === family)
      .map(({ from }) => `${endpointAddress(from)} . ${endpointPort(from)} timeout ${pinnedAtMostSeconds}s`);
    if (elements.length === 0) continue;
    sets.push(
      `\tset pinned${family} {`,
      `\t\ttypeof ${families[family][1]} daddr . udp dport`,
      "\t\tflags timeout",
      `\t\telements = { ${[...new Set(elements)].join(", ")} }`,
      "\t}",
    );
  }
  return { sets, rules: all.map((pin) => pinRule(pin, listenPort)) };
}

/** The bit in a message's first word that answers (2) and cookies (3) have, of the four types of message. */
const isAnswer = "@th,64,32 & 0x02000000";

function pinRule({ from, to, source }: PlacedPin & { from: Endpoint }, listenPort: number): string {
  const family = familyOf(endpointAddress(to));
  const [protocol, ip] = families[family];
  return [
    `meta nfproto ${protocol} udp sport ${listenPort} ${isAnswer} == 0`,
    `${ip} daddr ${endpointAddress(from)} udp dport ${endpointPort(from)}`,
    `${ip} daddr . udp dport @pinned${family}`,
    `${ip} saddr set ${source} ${ip} daddr set ${endpointAddress(to)} udp dport set ${endpointPort(to)}`,
  ].join(" ");
}

const routes = z.array(z.object({ prefsrc: z.string() }));

/** Reads the source address of packets from the output of `ip -j route get`. Never throws. */
export function parseSource(text: string): Address | undefined {
  const [route] = valueOf(ofForm(parseToolJson(text), routes)) ?? [];
  return route && parseAddress(route.prefsrc);
}
