import { addressFromBigInt, type Family, type Prefix, prefixOf, rangeOf, widthOf } from "../net/index.ts";
import { type Contents, type NetworkSet, targetSets } from "./sets.ts";

/** A set in which packets are looked up. */
export interface Lookup {
  readonly set: NetworkSet;
  /**
   * A network that holds all of the set's networks, so that a packet to an address outside it needs no lookup;
   * `undefined` where there is no such network.
   */
  readonly cover: Prefix | undefined;
}

/**
 * The lengths that a cover may have, the longest first. Whole bytes are compared without a call of a function. The
 * fewer lengths there are, the fewer changes of the networks change a cover, and with it the rules.
 */
const coverBits: Readonly<Record<Family, readonly number[]>> = { 4: [16, 8], 6: [48, 32, 16] };

/** The lookups in all sets that hold something. A lookup in an empty set is not free. */
export const lookupsIn = (contents: Contents): Lookup[] =>
  targetSets.flatMap((set) => {
    const networks = contents.get(set.name);
    return networks ? [{ set, cover: coverOf(set.family, networks) }] : [];
  });

function coverOf(family: Family, networks: readonly Prefix[]): Prefix | undefined {
  const width = widthOf(family);
  let [lowest, highest] = [1n << BigInt(width), 0n];
  for (const network of networks) {
    const { first, last } = rangeOf(network);
    if (first < lowest) lowest = first;
    if (last > highest) highest = last;
  }
  const bits = coverBits[family].find((each) => (lowest ^ highest) >> BigInt(width - each) === 0n);
  return bits === undefined ? undefined : prefixOf(addressFromBigInt(family, lowest), bits);
}
