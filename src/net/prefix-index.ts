import { type Address, addressToBigInt, type Family, familyOf, widthOf } from "./address.ts";
import { bitsOf, type Prefix, prefixFamily, rangeOf } from "./prefix.ts";

interface Entry<Value> {
  readonly prefix: Prefix;
  readonly value: Value;
}

/** The prefixes of one length, by their network bits. */
interface Length<Value> {
  readonly hostBits: bigint;
  readonly byNetwork: Map<bigint, Entry<Value>>;
}

const families: readonly Family[] = [4, 6];
const hostBitsOf = (prefix: Prefix): bigint => BigInt(widthOf(prefixFamily(prefix)) - bitsOf(prefix));
const lengthOf = (prefix: Prefix): string => `${prefixFamily(prefix)} ${hostBitsOf(prefix)}`;

function longestIn<Value>(lengths: readonly Length<Value>[], number: bigint): Entry<Value> | undefined {
  for (const { hostBits, byNetwork } of lengths) {
    const entry = byNetwork.get(number >> hostBits);
    if (entry) return entry;
  }
  return undefined;
}

/**
 * Finds the longest prefix that contains an address. It takes as many steps as there are different prefix lengths,
 * however many prefixes there are.
 */
export class PrefixIndex<Value> {
  /** The lengths of each family, with the longest prefixes first. */
  readonly #lengths: Record<Family, Length<Value>[]> = { 4: [], 6: [] };

  /** Adds a prefix. If it is already there, it keeps its first value. */
  add(prefix: Prefix, value: Value): void {
    const { family, first } = rangeOf(prefix);
    const { hostBits, byNetwork } = this.#length(family, hostBitsOf(prefix));
    const network = first >> hostBits;
    if (!byNetwork.has(network)) byNetwork.set(network, { prefix, value });
  }

  /** The index without some prefixes, and then with others. It has all that did not change in common with this one. */
  with(removed: readonly Prefix[], added: readonly (readonly [Prefix, Value])[]): PrefixIndex<Value> {
    const changed = new PrefixIndex<Value>();
    const touched = new Set([...removed, ...added.map(([prefix]) => prefix)].map(lengthOf));
    for (const family of families)
      changed.#lengths[family] = this.#lengths[family].map((length) =>
        touched.has(`${family} ${length.hostBits}`)
          ? { ...length, byNetwork: new Map(length.byNetwork) }
          : length,
      );
    for (const prefix of removed) {
      const { family, first } = rangeOf(prefix);
      const { hostBits, byNetwork } = changed.#length(family, hostBitsOf(prefix));
      byNetwork.delete(first >> hostBits);
    }
    for (const [prefix, value] of added) changed.add(prefix, value);
    return changed;
  }

  find(address: Address): Entry<Value> | undefined {
    const lengths = this.#lengths[familyOf(address)];
    return lengths.length === 0 ? undefined : longestIn(lengths, addressToBigInt(address));
  }

  /** Finds the longest prefix that contains the first address of a network. */
  findFirstOf(prefix: Prefix): Entry<Value> | undefined {
    const { family, first } = rangeOf(prefix);
    return longestIn(this.#lengths[family], first);
  }

  #length(family: Family, hostBits: bigint): Length<Value> {
    const lengths = this.#lengths[family];
    const known = lengths.find((length) => length.hostBits === hostBits);
    if (known) return known;
    const added: Length<Value> = { hostBits, byNetwork: new Map() };
    this.#lengths[family] = [...lengths, added].sort((left, right) => Number(left.hostBits - right.hostBits));
    return added;
  }
}
