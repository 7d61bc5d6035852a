import { type Address, familyOf } from "./address.ts";
import { bitsOf, type Prefix, prefixFamily, prefixOf } from "./prefix.ts";

/**
 * Finds the longest prefix that contains an address, in as many steps as there are different prefix lengths,
 * however many prefixes there are.
 */
export class PrefixIndex<Value> {
  readonly #values = new Map<Prefix, Value>();
  readonly #lengths = { 4: new Set<number>(), 6: new Set<number>() };

  /** The value of a prefix that is already there is kept: the first one wins. */
  add(prefix: Prefix, value: Value): void {
    if (this.#values.has(prefix)) return;
    this.#values.set(prefix, value);
    this.#lengths[prefixFamily(prefix)].add(bitsOf(prefix));
  }

  find(address: Address): { prefix: Prefix; value: Value } | undefined {
    const family = familyOf(address);
    for (const length of [...this.#lengths[family]].sort((left, right) => right - left)) {
      const prefix = prefixOf(address, length);
      const value = prefix && this.#values.get(prefix);
      if (prefix && value !== undefined) return { prefix, value };
    }
    return undefined;
  }
}
