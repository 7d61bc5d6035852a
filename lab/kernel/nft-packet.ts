import type { Family } from "../../src/net/index.ts";
import type { Ruleset } from "./nft.ts";
import { numberOf } from "./nft-sets.ts";
import type { Table } from "./nft-table.ts";

/** A UDP packet on its way through this node, as far as rules look at it. What the node sends comes from no link. */
export interface Packet {
  readonly family: Family;
  readonly saddr: bigint | undefined;
  readonly daddr: bigint;
  readonly sport: number;
  readonly dport: number;
  mark: number;
  readonly iif: string | undefined;
  oif: string | undefined;
}

type Verdict = "accept" | "drop" | "go on";

/**
 * Tells whether all chains at a hook let a packet go on. Those that come first may have changed its mark. Chains that
 * translate see only the first packet of a connection, which is not this one.
 */
export function passes(ruleset: Ruleset, hook: string, packet: Packet): boolean {
  const chains = [...ruleset.tables.values()].flatMap((table) =>
    [...table.chains].flatMap(([name, { hook: place = "" }]) =>
      place.includes(` hook ${hook} `) && !place.startsWith("type nat ")
        ? [{ name, table, priority: priorityOf(place) }]
        : [],
    ),
  );
  chains.sort((left, right) => left.priority - right.priority);
  return chains.every(({ name, table }) => walk(table, name, packet) !== "drop");
}

const names: Readonly<Record<string, number>> = { raw: -300, mangle: -150, filter: 0, srcnat: 100 };

const priorityOf = (hook: string): number => {
  const [, priority = "0"] = / priority ([^;]+);/.exec(hook) ?? [];
  return names[priority] ?? Number(priority);
};

function walk(table: Table, chain: string, packet: Packet): Verdict {
  for (const rule of table.chain(chain).rules) {
    const outcome = carryOut(table, rule, packet);
    if (outcome !== "next") return outcome.verdict;
  }
  return "go on";
}

/** The result of a rule for a packet: the next rule is next, or the chain is left. */
type Outcome = "next" | { readonly verdict: Verdict };

const token = /"[^"]*"|\{[^}]*\}|\S+/g;

function carryOut(table: Table, rule: string, packet: Packet): Outcome {
  const words = rule.match(token) ?? [];
  while (words.length > 0) {
    const word = words.shift() ?? "";
    if (word === "accept" || word === "drop") return { verdict: word };
    if (word === "return") return { verdict: "go on" };
    if (word === "goto") return { verdict: walk(table, words.shift() ?? "", packet) };
    if (word === "jump") {
      const verdict = walk(table, words.shift() ?? "", packet);
      if (verdict !== "go on") return { verdict };
    } else if (word === "counter") count(table, words.splice(0, 2)[1] ?? "");
    else if (!matches(table, word, words, packet)) return "next";
  }
  return "next";
}

function count(table: Table, quoted: string): void {
  const counter = table.counters.get(quoted.slice(1, -1));
  if (counter) counter.packets++;
}

/** Takes one match, or one change of the mark, from the words. Throws for one that is not known. */
function matches(table: Table, word: string, words: string[], packet: Packet): boolean {
  switch (word) {
    case "tcp":
    case "icmp":
    case "icmpv6":
      return false; // the packet is none of these, and what follows needs no reading
    case "ip":
    case "ip6":
      return matchesAddress(table, word === "ip" ? 4 : 6, words, packet);
    case "udp":
      return (words.shift() === "sport" ? packet.sport : packet.dport) === Number(words.shift());
    case "meta":
      return matchesMeta(words, packet);
    case "ct":
      return matchesConnection(words, packet);
    case "iif":
    case "iifname":
      return isLink(words.shift() ?? "", packet.iif);
    case "oif":
    case "oifname":
      return isLink(words.shift() ?? "", packet.oif);
    case "@ll,48,48":
      return false; // neither what the node sends nor what it routes has a link-layer header there
    default:
      throw new Error(`a match that is not known: ${word} ${words.join(" ")}`);
  }
}

function matchesAddress(table: Table, family: Family, words: string[], packet: Packet): boolean {
  const end = words.shift();
  let value = end === "saddr" ? packet.saddr : packet.daddr;
  if (family !== packet.family || value === undefined) return false;
  if (words[0] === "&") {
    words.shift();
    value &= numberOf(words.shift() ?? "")?.value ?? 0n;
  }
  const what = words.shift() ?? "";
  if (what.startsWith("@")) return table.set(what.slice(1)).has(value);
  return listed(what).some((text) => isWithin(value, text));
}

function isWithin(value: bigint, text: string): boolean {
  const [address = "", bits] = text.split("/");
  const found = numberOf(address);
  if (!found) throw new Error(`an address that cannot be read: ${text}`);
  const width = found.family === 4 ? 32 : 128;
  const rest = BigInt(width - Number(bits ?? width));
  return value >> rest === found.value >> rest;
}

/** The number of the only protocol that packets have here. */
const udp = "17";

function matchesMeta(words: string[], packet: Packet): boolean {
  const what = words.shift();
  if (what === "l4proto") return listed(words.shift() ?? "").includes(udp);
  if (what === "nfproto") return words.shift() === `ipv${packet.family}`;
  if (what !== "mark") throw new Error(`a match that is not known: meta ${what}`);
  if (words[0] === "set") {
    words.splice(0, 3); // `set meta mark`
    packet.mark = combined(packet.mark, words);
    return true;
  }
  const value = combined(packet.mark, words);
  const isInverted = words[0] === "!=";
  if (isInverted || words[0] === "==") words.shift();
  return (value === Number(words.shift()) >>> 0) !== isInverted;
}

/** Applies `& 0xA | 0xB`, as far as it is there. */
function combined(mark: number, words: string[]): number {
  let value = mark;
  while (words[0] === "&" || words[0] === "|") {
    const isAnd = words.shift() === "&";
    const operand = Number(words.shift());
    value = (isAnd ? value & operand : value | operand) >>> 0;
  }
  return value;
}

/**
 * The connection that every packet belongs to: it is known, was translated nowhere, and began here. Its mark is 0 for all
 * rules, also after one that sets it.
 */
function matchesConnection(words: string[], packet: Packet): boolean {
  const what = words.shift();
  const value = words.shift();
  if (what === "status") return value === "confirmed";
  if (what === "original" && value === "proto-src") return packet.sport === Number(words.shift());
  if (what === "reply" && value === "proto-src") return packet.dport === Number(words.shift());
  if (what === "direction") return value === "original";
  if (what === "mark" && value === "set") {
    words.splice(0, 2); // `ct mark`
    combined(0, words);
    return true;
  }
  if (what === "mark" && value === "&") {
    words.shift();
    words.shift(); // the operator
    return Number(words.shift()) === 0;
  }
  throw new Error(`a match that is not known: ct ${what} ${value} ${words.join(" ")}`);
}

const listed = (text: string): string[] =>
  text.startsWith("{")
    ? text
        .slice(1, -1)
        .split(",")
        .map((each) => each.trim())
    : [text];

function isLink(quoted: string, link: string | undefined): boolean {
  if (quoted === "0") return link === undefined;
  return listed(quoted).some((each) => {
    const name = each.replaceAll('"', "");
    return name.endsWith("*") ? (link ?? "").startsWith(name.slice(0, -1)) : link === name;
  });
}
