import {
  addressFromBigInt,
  type Family,
  familyOf,
  hostPrefix,
  type Prefix,
  parseAddress,
  parsePrefix,
  prefixFamily,
  rangeOf,
} from "../../src/net/index.ts";
import { fail } from "./failure.ts";

/** The addresses of one element of a set, as nft writes them. */
interface Element {
  readonly text: string;
  readonly first: bigint;
  readonly last: bigint;
}

/** A set of addresses: single ones, or disjoint intervals of them. */
export class AddressSet {
  readonly family: Family;
  readonly isInterval: boolean;
  /** The largest number of elements; `undefined` where there is no limit. */
  readonly size: number | undefined;
  /** The elements by their text, in the order in which they were added. */
  #elements = new Map<string, Element>();

  constructor(family: Family, isInterval: boolean, size: number | undefined) {
    this.family = family;
    this.isInterval = isInterval;
    this.size = size;
  }

  get isEmpty(): boolean {
    return this.#elements.size === 0;
  }

  copy(): AddressSet {
    const copy = new AddressSet(this.family, this.isInterval, this.size);
    copy.#elements = new Map(this.#elements);
    return copy;
  }

  /** Adds an element. One that is there already is no failure; one that overlaps others is. */
  add(text: string): void {
    const element = this.#parse(text);
    if (this.#elements.has(element.text)) return;
    if (this.size !== undefined && this.#elements.size >= this.size)
      fail("Error: Could not process rule: Too many open files in system");
    for (const { first, last } of this.#elements.values())
      if (element.first <= last && first <= element.last)
        fail("Error: interval overlaps with an existing one");
    this.#elements.set(element.text, element);
  }

  /** Deletes an element, which fails unless exactly this one is there. */
  delete(text: string): void {
    if (!this.#elements.delete(this.#parse(text).text))
      fail(
        this.isInterval
          ? "Error: element does not exist"
          : "Error: Could not process rule: No such file or directory",
      );
  }

  clear(): void {
    this.#elements.clear();
  }

  /** Gives the elements in the order of their addresses. */
  texts(): string[] {
    return [...this.#elements.values()]
      .toSorted((left, right) => (left.first < right.first ? -1 : 1))
      .map(({ text }) => text);
  }

  has(value: bigint): boolean {
    return [...this.#elements.values()].some(({ first, last }) => first <= value && value <= last);
  }

  #parse(text: string): Element {
    const [from = "", to] = text.split("-");
    const [first, last] = [
      rangeIn(from, this.family),
      to === undefined ? undefined : rangeIn(to, this.family),
    ];
    const element = { text, first: first.first, last: (last ?? first).last };
    const isOne = element.first === element.last;
    if (!this.isInterval && !isOne) fail("Error: You must add 'flags interval' to your set declaration");
    return isOne ? { ...element, text: addressFromBigInt(this.family, element.first) } : element;
  }
}

function rangeIn(text: string, family: Family): { readonly first: bigint; readonly last: bigint } {
  const address = parseAddress(text);
  const prefix: Prefix | undefined = address === undefined ? parsePrefix(text) : hostPrefix(address);
  if (prefix === undefined || prefixFamily(prefix) !== family)
    return fail(`Error: Could not resolve hostname: ${text}`);
  return rangeOf(prefix);
}

export const numberOf = (text: string): { readonly family: Family; readonly value: bigint } | undefined => {
  const address = parseAddress(text);
  return address === undefined
    ? undefined
    : { family: familyOf(address), value: rangeOf(hostPrefix(address)).first };
};
