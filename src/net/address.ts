import { numberOfBytes } from "../base/index.ts";
import { Remembered } from "./remembered.ts";

declare const addressBrand: unique symbol;

/**
 * An IPv4 or IPv6 address in its canonical text form (RFC 5952), with IPv4 in IPv6 as IPv4. So equal addresses are
 * equal strings and can be keys of a Map.
 */
export type Address = string & { readonly [addressBrand]: true };

export type Family = 4 | 6;

/** The number of bits in an address of a family. */
export const widthOf = (family: Family): 32 | 128 => (family === 4 ? 32 : 128);

export const familyOf = (address: Address): Family => (address.includes(":") ? 6 : 4);

/** Reads an address; `undefined` for anything else (zones, octal, ports, white space). */
export function parseAddress(text: string): Address | undefined {
  const bytes = text.includes(":") ? parseIPv6(text) : parseIPv4(text);
  return bytes && addressFromBytes(bytes);
}

/** Reads the 4 or 16 bytes of an address in network order; `undefined` for another length. */
export function addressFromBytes(bytes: Uint8Array): Address | undefined {
  if (bytes.length === 4) return formatIPv4(bytes);
  if (bytes.length !== 16) return undefined;
  const mapped =
    bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  return mapped ? formatIPv4(bytes.subarray(12)) : formatIPv6(bytes);
}

/** Writes an address as 4 or 16 bytes in network order. */
export function addressToBytes(address: Address): Uint8Array {
  const bytes = familyOf(address) === 4 ? parseIPv4(address) : parseIPv6(address);
  if (!bytes) throw new TypeError(`not an address: ${address}`); // only a forged brand gets here
  return bytes;
}

/**
 * The addresses as numbers. The same few thousand addresses are compared again and again, and parsing one costs far
 * more than finding it here.
 */
const numbers = new Remembered<Address, bigint>((address) => numberOfBytes(addressToBytes(address)));

export const addressToBigInt = (address: Address): bigint => numbers.get(address);

export function addressFromBigInt(family: Family, value: bigint): Address {
  const bytes = new Uint8Array(widthOf(family) / 8);
  for (let index = bytes.length - 1, rest = value; index >= 0; index--, rest >>= 8n)
    bytes[index] = Number(rest & 0xffn);
  return family === 4 ? formatIPv4(bytes) : formatIPv6(bytes);
}

/** Compares addresses in a total order: IPv4 first, then by value. */
export function compareAddresses(left: Address, right: Address): number {
  const byFamily = familyOf(left) - familyOf(right);
  if (byFamily !== 0) return byFamily;
  const [a, b] = [addressToBigInt(left), addressToBigInt(right)];
  return a < b ? -1 : a > b ? 1 : 0;
}

function parseIPv4(text: string): Uint8Array | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (!match) return undefined;
  const parts = match.slice(1);
  if (parts.some((part) => Number(part) > 255 || (part.length > 1 && part.startsWith("0")))) return undefined;
  return Uint8Array.from(parts, Number);
}

function parseIPv6(text: string): Uint8Array | undefined {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const tail = dotted?.[2] === undefined ? undefined : parseIPv4(dotted[2]);
  if (dotted && !tail) return undefined;
  const hex = dotted?.[1] === undefined || !tail ? text : dotted[1] + groupsText(tail);
  const halves = hex.split("::");
  if (halves.length > 2) return undefined;
  const [head, rest] = halves.map((half) => (half === "" ? [] : half.split(":")));
  if (!head) return undefined;
  const missing = 8 - head.length - (rest?.length ?? 0);
  if (rest ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...Array<string>(rest ? missing : 0).fill("0"), ...(rest ?? [])];
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  const bytes = new Uint8Array(16);
  groups.forEach((group, index) =>
    new DataView(bytes.buffer).setUint16(index * 2, Number.parseInt(group, 16)),
  );
  return bytes;
}

const groupsText = (bytes: Uint8Array): string => {
  const [a = 0, b = 0, c = 0, d = 0] = bytes;
  return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
};

const formatIPv4 = (bytes: Uint8Array): Address => bytes.join(".") as Address;

function formatIPv6(bytes: Uint8Array): Address {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  const groups = Array.from({ length: 8 }, (_, index) => view.getUint16(index * 2));
  const zeros = longestZeroRun(groups);
  if (zeros.length < 2) return hexGroups(groups) as Address;
  const [before, after] = [groups.slice(0, zeros.start), groups.slice(zeros.start + zeros.length)];
  return `${hexGroups(before)}::${hexGroups(after)}` as Address;
}

const hexGroups = (groups: readonly number[]): string => groups.map((group) => group.toString(16)).join(":");

/** Finds the first of the longest runs of zero groups (RFC 5952, 4.2.3). */
function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  groups.forEach((group, index) => {
    if (group !== 0) start = index + 1;
    else if (index + 1 - start > best.length) best = { start, length: index + 1 - start };
  });
  return best;
}
