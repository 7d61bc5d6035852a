import { type Address, familyOf, isPrivate, parseAddress } from "../net/index.ts";

/** The names of nodes, clusters and hosts that are replaced. */
export interface Names {
  readonly nodes: readonly string[];
  /** Other names, such as those of servers. */
  readonly others: readonly string[];
}

/** What looks like an address; whether it is one is found out by reading it. */
const ipv6Like =
  /(?<![\w.:])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?:(?<=:)\d{1,3}(?:\.\d{1,3}){3})?(?![\w:])/gi;
const ipv4Like = /(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\.?\w)/g;
const hardwareLike = /\b[0-9a-f]{2}(?::[0-9a-f]{2}){5}\b/gi;
/** Public keys, and the ids of clusters. */
const keyLike = /(?<![\w+/])[\w+/-]{43}=/g;
/** The ids of nodes. */
const idLike = /\b[0-9A-Za-z]{43,52}\b/g;

/**
 * Makes a function that replaces addresses and names in a text by others. Equal ones become equal ones, in all texts that
 * one function gets, so that the report can still be understood.
 */
export function anonymiser({ nodes, others }: Names): (text: string) => string {
  const known = new Map<string, string>();
  const counts = new Map<string, number>();
  const standIn = (kind: string, value: string): string => {
    const found = known.get(value);
    if (found !== undefined) return found;
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    known.set(value, `${kind}-${count}`);
    return `${kind}-${count}`;
  };
  const place = (text: string): string => {
    const address = parseAddress(text);
    return address === undefined || isNoPlace(address) ? text : standIn(kindOf(address), address);
  };
  const kinds = new Map(
    [
      ...others.map((name) => [name, "name"] as const),
      ...nodes.map((name) => [name, "node"] as const),
    ].filter(([name]) => name.length > 0 && parseAddress(name) === undefined),
  );
  const named = anyOf([...kinds.keys()]);
  return (text) =>
    text
      .replace(keyLike, (key) => standIn("key", key))
      .replace(idLike, (id) => standIn("id", id))
      .replace(hardwareLike, (address) => standIn("mac", address.toLowerCase()))
      .replace(named, (name) => standIn(kinds.get(name) ?? "name", name))
      .replace(ipv6Like, place)
      .replace(ipv4Like, place);
}

/**
 * Matches any of these names as a whole, the longest where several fit. It is one expression, because a text is read once for
 * each, and there are as many names as nodes.
 */
function anyOf(names: readonly string[]): RegExp {
  const longestFirst = names.toSorted((left, right) => right.length - left.length);
  return longestFirst.length === 0
    ? /(?!)/g
    : new RegExp(`(?<![\\w-])(?:${longestFirst.map(quoted).join("|")})(?![\\w-])`, "g");
}

const kindOf = (address: Address): string =>
  `${isPrivate(address) ? "private" : "public"}-ipv${familyOf(address)}`;

/** Whether an address is the same on every machine: loopback, any address, masks. */
const isNoPlace = (address: Address): boolean => /^(?:127\.|0\.0\.0\.0$|255\.|::$|::1$)/.test(address);

const quoted = (name: string): string => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
