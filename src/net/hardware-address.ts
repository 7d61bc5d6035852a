/** Reads the six bytes of `00:11:22:aa:bb:cc`, in small letters as tools print them; `undefined` for other text. */
export const parseHardwareAddress = (text: string): Uint8Array | undefined =>
  /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/.test(text)
    ? new Uint8Array(Buffer.from(text.replaceAll(":", ""), "hex"))
    : undefined;

export const hardwareAddressText = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(":");
