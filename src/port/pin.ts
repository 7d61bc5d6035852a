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
 * A peer's packets go to one endpoint, wherever WireGuard would send them. WireGuard answers to wherever the last packet
 * came from: while a peer is led from one endpoint to another, what is still under way on the other path would turn it
 * back, and what it sends then turns the peer, and so on. Where nothing is sent any more, nothing comes from soon.
 */
export interface Pin {
  readonly to: Endpoint;
  readonly instead: readonly Endpoint[];
}

/** With this node's address on the way there. */
export interface PlacedPin extends Pin {
  readonly source: Address;
}

/** Seconds after which the kernel forgets a pin by itself: a daemon that is killed leaves none behind. */
const pinnedAtMostSeconds = 30;

const families = { 4: ["ipv4", "ip", "ipv4_addr"], 6: ["ipv6", "ip6", "ipv6_addr"] } as const;

/** An address cannot be replaced by one of the other family: such packets are not pinned. */
const pinnedFrom = ({ to, instead }: Pin): readonly Endpoint[] => {
  const family = familyOf(endpointAddress(to));
  return instead.filter((each) => each !== to && familyOf(endpointAddress(each)) === family);
};

/**
 * The sets and the rules of a table, the rules for WireGuard's own packets on their way out. Held is what would turn the
 * peer: data and initiations. Answers go where the question came from, or who asks would not know them.
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
      `\t\ttype ${families[family][2]} . inet_service`,
      "\t\tflags timeout",
      `\t\telements = { ${[...new Set(elements)].join(", ")} }`,
      "\t}",
    );
  }
  return { sets, rules: all.map((pin) => pinRule(pin, listenPort)) };
}

/** Of the four types of message, answers (2) and cookies (3) have this bit of the first word. */
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

/** Reads `ip -j route get`: the address that packets leave from. Never throws. */
export function parseSource(text: string): Address | undefined {
  const [route] = valueOf(ofForm(parseToolJson(text), routes)) ?? [];
  return route && parseAddress(route.prefsrc);
}
