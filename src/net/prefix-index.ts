import { type Address, addressToBigInt, type Family, familyOf, widthOf } from "./address.ts";
import { bitsOf, type Prefix, rangeOf } from "./prefix.ts";

interface Entry<Value> {
  readonly prefix: Prefix;
  readonly value: Value;
}

/** The prefixes of one length, by their network bits. */
interface Length<Value> {
  readonly hostBits: bigint;
  readonly byNetwork: Map<bigint, Entry<Value>>;
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
    const { hostBits, byNetwork } = this.#length(family, BigInt(widthOf(family) - bitsOf(prefix)));
    const network = first >> hostBits;
    if (!byNetwork.has(network)) byNetwork.set(network, { prefix, value });
  }

  find(address: Address): Entry<Value> | undefined {
    const lengths = this.#lengths[familyOf(address)];
    if (lengths.length === 0) return undefined;
    const number = addressToBigInt(address);
    for (const { hostBits, byNetwork } of lengths) {
      const entry = byNetwork.get(number >> hostBits);
      if (entry) return entry;
    }
    return undefined;
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
