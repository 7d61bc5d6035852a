/** The length in bytes of a token, which nobody can guess, by which a reply is known to be to an echo of ours. */
export const echoTokenBytes = 16;
const [request, reply] = [1, 2];
/** The bytes of the headers of IPv6 and UDP. */
const headerBytes = 48;
const leastBytes = 1 + echoTokenBytes;

/** A datagram that comes back as it was sent, so that it measures both directions with its own size. */
export interface Echo {
  readonly kind: "request" | "reply";
  /** The token in hexadecimal digits. */
  readonly token: string;
}

/** Makes an echo that is a packet of `packetBytes` bytes with its headers, or as small as it can be. */
export function echoRequest(token: Uint8Array, packetBytes = 0): Uint8Array {
  const bytes = new Uint8Array(Math.max(leastBytes, packetBytes - headerBytes));
  bytes[0] = request;
  bytes.set(token, 1);
  return bytes;
}

/** Makes the reply to an echo, which is as large. */
export function echoReply(echo: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(echo);
  bytes[0] = reply;
  return bytes;
}

/** Reads a datagram; `undefined` if it is no echo. */
export function readEcho(bytes: Uint8Array): Echo | undefined {
  const [kind] = bytes;
  if (bytes.length < leastBytes || (kind !== request && kind !== reply)) return undefined;
  const token = Buffer.from(bytes.subarray(1, leastBytes)).toString("hex");
  return { kind: kind === request ? "request" : "reply", token };
}
