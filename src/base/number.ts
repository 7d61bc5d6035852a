/** The form in which tools write numbers: decimal, or hexadecimal after 0x. */
const form = /^(?:0x[0-9a-f]{1,16}|\d{1,20})$/i;
const largest = 2n ** 64n - 1n;
const largestWord = 2 ** 32 - 1;

/** Reads a number of at most 64 bits without a sign; `undefined` for anything else. */
export function parseNumber(text: string): bigint | undefined {
  if (!form.test(text)) return undefined;
  const value = BigInt(text);
  return value <= largest ? value : undefined;
}

/** Reads a number of at most 32 bits, such as a mark or a table, from text or from a number in JSON. */
export function wordOf(value: unknown): number | undefined {
  const word = typeof value === "string" ? Number(parseNumber(value) ?? Number.NaN) : value;
  const isWord = typeof word === "number" && Number.isInteger(word) && word >= 0 && word <= largestWord;
  return isWord ? word : undefined;
}

/** Writes a number in the form `0x40`. A number with a sign is written as its 32 bits. */
export const hexText = (value: number | bigint): string =>
  `0x${(typeof value === "bigint" ? value : value >>> 0).toString(16)}`;

/** Writes all 32 bits as nft prints them: `0x00000040`. */
export const hexWord = (word: number): string => `0x${(word >>> 0).toString(16).padStart(8, "0")}`;

/** Reads bytes in network order as a number. */
export const numberOfBytes = (bytes: Uint8Array): bigint =>
  BigInt(`0x0${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex")}`);
