import { type Prefix, parsePrefix, unite } from "../../src/net/index.ts";

export type Family = 4 | 6;
export const families: readonly Family[] = [4, 6];

/** The address of a peer. Every other address is used, because the daemon would merge neighbours into one network. */
const node = (family: Family, peer: number): string =>
  family === 4 ? `10.1.${peer >> 6}.${(peer & 63) * 4 + 1}` : `2001:db8:1::${(peer * 2 + 1).toString(16)}`;

const pods = (family: Family, peer: number): { readonly network: string; readonly pod: string } => {
  const number = peer * 2;
  const start =
    family === 4 ? `10.${128 + (number >> 8)}.${number & 255}.` : `2001:db8:2:${number.toString(16)}::`;
  return family === 4
    ? { network: `${start}0/24`, pod: `${start}7` }
    : { network: `${start}/64`, pod: `${start}7` };
};

export const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** The networks of a peer: its node address and its pod network. */
export const networksOf = (family: Family, peer: number): string[] => [
  `${node(family, peer)}/${family === 4 ? 32 : 128}`,
  pods(family, peer).network,
];

/** The node addresses and pod networks of all peers, which are twice as many as peers. */
export const networks = (family: Family, peers: number): string[] =>
  numbers(peers).flatMap((peer) => networksOf(family, peer));

/** The networks in the form in which the daemon hands them to the table. */
export const asTargets = (texts: readonly string[]): Prefix[] =>
  unite(texts.flatMap((text) => parsePrefix(text) ?? []));

export const targets = (peers: number): Prefix[] =>
  asTargets(families.flatMap((family) => networks(family, peers)));

/** The pod networks of all peers, which the daemon's table has in sets of their own as well. */
export const podNetworks = (peers: number): Prefix[] =>
  asTargets(families.flatMap((family) => numbers(peers).map((peer) => pods(family, peer).network)));

const most = 64;

/**
 * The destinations of packets, spread evenly over the peers, so that a linear list is walked to its middle on average.
 */
export function hits(family: Family, peers: number): string[] {
  const count = Math.min(peers, most / 2);
  return numbers(count).flatMap((index) => {
    const peer = Math.floor((index * peers) / count);
    return [node(family, peer), pods(family, peer).pod];
  });
}

/** Destinations that belong to no peer. */
export const misses = (family: Family): string[] =>
  numbers(most).map((index) =>
    family === 4 ? `198.51.100.${index + 1}` : `2001:db8:ffff::${(index + 1).toString(16)}`,
  );
