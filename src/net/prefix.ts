import {
  type Address,
  addressFromBigInt,
  addressToBigInt,
  type Family,
  familyOf,
  parseAddress,
  widthOf,
} from "./address.ts";
import { Remembered } from "./remembered.ts";

declare const prefixBrand: unique symbol;

/** A network in canonical text, `address/bits`, with the host bits zero. Equal networks are equal strings. */
export type Prefix = string & { readonly [prefixBrand]: true };

/** Reads `address/bits` and clears the host bits. `undefined` for anything else. */
export const parsePrefix = (text: string): Prefix | undefined =>
  text.length <= longestPrefix ? parsed.get(text) : undefined;

const longestPrefix = "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255/128".length;

/** The networks that were read. Tools print the same ones again whenever the kernel is observed. */
const parsed = new Remembered<string, Prefix | undefined>((text) => {
  const match = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text);
  const address = match?.[1] === undefined ? undefined : parseAddress(match[1]);
  return address && prefixOf(address, Number(match?.[2]), text.includes(":"));
});

/**
 * The network of `bits` bits that contains an address; `undefined` if the family has fewer bits. With `writtenAsIPv6`,
 * the bits are counted from the 128 of an IPv4-mapped address.
 */
export function prefixOf(address: Address, bits: number, writtenAsIPv6 = false): Prefix | undefined {
  const family = familyOf(address);
  const length = family === 4 && writtenAsIPv6 ? bits - 96 : bits;
  const width = widthOf(family);
  if (!Number.isInteger(length) || length < 0 || length > width) return undefined;
  const hostBits = BigInt(width - length);
  const network = (addressToBigInt(address) >> hostBits) << hostBits;
  return `${addressFromBigInt(family, network)}/${length}` as Prefix;
}

/** The network of a single address: /32 or /128. */
export const hostPrefix = (address: Address): Prefix => `${address}/${widthOf(familyOf(address))}` as Prefix;

export const networkOf = (prefix: Prefix): Address => prefix.slice(0, prefix.indexOf("/")) as Address;

export const bitsOf = (prefix: Prefix): number => Number(prefix.slice(prefix.indexOf("/") + 1));

export const prefixFamily = (prefix: Prefix): Family => (prefix.includes(":") ? 6 : 4);

export interface PrefixRange {
  readonly prefix: Prefix;
  readonly family: Family;
  readonly first: bigint;
  readonly last: bigint;
}

const ranges = new Remembered<Prefix, PrefixRange>((prefix) => {
  const family = familyOf(networkOf(prefix));
  const first = addressToBigInt(networkOf(prefix));
  return { prefix, family, first, last: first + (1n << BigInt(widthOf(family) - bitsOf(prefix))) - 1n };
});

/** The first and the last address of a prefix as numbers, both inclusive. */
export const rangeOf = (prefix: Prefix): PrefixRange => ranges.get(prefix);

export function prefixContains(prefix: Prefix, address: Address): boolean {
  const { family, first, last } = rangeOf(prefix);
  if (family !== familyOf(address)) return false;
  const value = addressToBigInt(address);
  return first <= value && value <= last;
}

/** Tells whether all of the first network lies in the second one. */
export function prefixWithin(inner: Prefix, outer: Prefix): boolean {
  const [range, around] = [rangeOf(inner), rangeOf(outer)];
  return range.family === around.family && around.first <= range.first && range.last <= around.last;
}

/** Tells whether two networks have an address in common. */
export function prefixesTouch(left: Prefix, right: Prefix): boolean {
  const [one, other] = [rangeOf(left), rangeOf(right)];
  return one.family === other.family && one.first <= other.last && other.first <= one.last;
}

/** Tells whether a prefix is a single address. */
export const isHostPrefix = (prefix: Prefix): boolean => bitsOf(prefix) === widthOf(prefixFamily(prefix));

/** Compares prefixes in a total order: by family, then by network, then the shorter prefix first. */
export const comparePrefixes = (left: Prefix, right: Prefix): number =>
  compareRanges(rangeOf(left), rangeOf(right));

/** Compares ranges in the order of their prefixes. */
export function compareRanges(left: PrefixRange, right: PrefixRange): number {
  if (left.family !== right.family) return left.family - right.family;
  if (left.first !== right.first) return left.first < right.first ? -1 : 1;
  return left.last === right.last ? 0 : left.last > right.last ? -1 : 1;
}
