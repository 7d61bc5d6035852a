import {
  type Address,
  addressFromBigInt,
  addressToBigInt,
  compareAddresses,
  type Family,
  familyOf,
  parseAddress,
  widthOf,
} from "./address.ts";

declare const prefixBrand: unique symbol;

/** A network in canonical text, `address/bits` with the host bits zero; equal networks are equal strings. */
export type Prefix = string & { readonly [prefixBrand]: true };

/** Reads `address/bits`; host bits are cleared. `undefined` for anything else. */
export function parsePrefix(text: string): Prefix | undefined {
  const match = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text);
  const address = match?.[1] === undefined ? undefined : parseAddress(match[1]);
  return address && prefixOf(address, Number(match?.[2]), text.includes(":"));
}

/**
 * The network of `bits` bits that an address lies in; `undefined` when the family has fewer bits.
 * `writtenAsIPv6` tells that the bits count from the 128 of an IPv4-mapped address.
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

/** The network of one address: /32 or /128. */
export const hostPrefix = (address: Address): Prefix => `${address}/${widthOf(familyOf(address))}` as Prefix;

export const networkOf = (prefix: Prefix): Address => prefix.slice(0, prefix.indexOf("/")) as Address;

export const bitsOf = (prefix: Prefix): number => Number(prefix.slice(prefix.indexOf("/") + 1));

export const prefixFamily = (prefix: Prefix): Family => familyOf(networkOf(prefix));

/** First and last address of a prefix as numbers, both inclusive. */
export function rangeOf(prefix: Prefix): { first: bigint; last: bigint } {
  const first = addressToBigInt(networkOf(prefix));
  return { first, last: first + (1n << BigInt(widthOf(prefixFamily(prefix)) - bitsOf(prefix))) - 1n };
}

export function prefixContains(prefix: Prefix, address: Address): boolean {
  if (prefixFamily(prefix) !== familyOf(address)) return false;
  const { first, last } = rangeOf(prefix);
  const value = addressToBigInt(address);
  return first <= value && value <= last;
}

/** A total order: family, then network, then the shorter prefix first. */
export const comparePrefixes = (left: Prefix, right: Prefix): number =>
  compareAddresses(networkOf(left), networkOf(right)) || bitsOf(left) - bitsOf(right);
