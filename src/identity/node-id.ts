const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const randomBytes = 32;
/** The length of every id once it is padded: 62^43 is the first power of 62 above 2^256. */
const digits = 43;

/**
 * The node id (affiliate id) of 32 random bytes, as Talos makes it: the number they form, most significant byte first,
 * in base 62, padded with zeros to 43 digits.
 */
export function nodeIdFrom(bytes: Uint8Array): string {
  if (bytes.length !== randomBytes) throw new TypeError(`a node id has ${randomBytes} bytes`);
  let value = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  let text = "";
  for (; value > 0n; value /= 62n) text = `${alphabet[Number(value % 62n)]}${text}`;
  return text.padStart(digits, "0");
}

/**
 * Tells whether a text is a node id that `nodeIdFrom` can have made. The ids of other members may have another form.
 */
export function isNodeId(text: string): boolean {
  if (!/^[0-9A-Za-z]{43}$/.test(text)) return false;
  const value = text.split("").reduce((sum, digit) => sum * 62n + BigInt(alphabet.indexOf(digit)), 0n);
  return value < 1n << 256n;
}
