/** Numbers as tools write them: in decimals, or with 0x before them. */
const form = /^(?:0x[0-9a-f]{1,16}|\d{1,20})$/i;
const largest = 2n ** 64n - 1n;
const largestWord = 2 ** 32 - 1;

/** A number of at most 64 bits without a sign; `undefined` for anything else. */
export function parseNumber(text: string): bigint | undefined {
  if (!form.test(text)) return undefined;
  const value = BigInt(text);
  return value <= largest ? value : undefined;
}

/** The same of at most 32 bits, such as a mark or the number of a table; also where JSON has it as a number already. */
export function wordOf(value: unknown): number | undefined {
  const word = typeof value === "string" ? Number(parseNumber(value) ?? Number.NaN) : value;
  const isWord = typeof word === "number" && Number.isInteger(word) && word >= 0 && word <= largestWord;
  return isWord ? word : undefined;
}

/** `0x40`. What has a sign is written as the 32 bits that it is. */
export const hexText = (value: number | bigint): string =>
  `0x${(typeof value === "bigint" ? value : value >>> 0).toString(16)}`;

/** `0x00000040`: all 32 bits, as nft prints them. */
export const hexWord = (word: number): string => `0x${(word >>> 0).toString(16).padStart(8, "0")}`;

/** Of bytes whose first one counts most. */
export const numberOfBytes = (bytes: Uint8Array): bigint =>
  BigInt(`0x0${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex")}`);
