import { KubespanError, Secret, wordOf } from "../base/index.ts";
import { detached, type Endpoint, type Prefix, parseEndpoint, parsePrefix } from "../net/index.ts";

/** A WireGuard device as the kernel (or wireguard-go) holds it. */
export interface ObservedDevice {
  /** The private key; absent on a device that was just made. */
  readonly privateKey?: Secret;
  readonly listenPort: number;
  /** The mark of WireGuard's own packets; 0 means that it is off. */
  readonly firewallMark: number;
  /** The bytes that the host gave to the link, where that is known and WireGuard runs in userspace. */
  readonly givenBytes?: number;
  readonly peers: ReadonlyMap<string, ObservedPeer>;
}

export interface ObservedPeer {
  readonly publicKey: string;
  readonly presharedKey?: Secret;
  /** The endpoint to which WireGuard sends, whether this program set it or the peer roamed there. */
  readonly endpoint?: Endpoint;
  readonly allowedIPs: readonly Prefix[];
  /** The time of the last handshake in milliseconds since 1970, in whole seconds; absent if there never was one. */
  readonly handshakeAt?: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  /** The interval of the keepalives; 0 means that they are off. */
  readonly keepaliveSeconds: number;
}

/**
 * The line from which each peer was read, on which all of its values depend. It is no field of the peer, because the line
 * holds the preshared key, and what is a field gets printed.
 */
const lines = new WeakMap<ObservedPeer, string>();

/**
 * Reads `wg show LINK dump`, which is tab-separated: first a line for the device, then one for each peer. A peer whose
 * line is the same as in the dump from which `before` was read is the same object: of a thousand peers that are polled
 * every few seconds, most have not changed.
 * Throws `KubespanError("command")` for any other text. The message never quotes the text, which holds keys.
 */
export function parseDump(text: string, before?: ObservedDevice): ObservedDevice {
  const [first, ...rest] = text.split("\n").filter((line) => line !== "");
  const [privateKey, publicKey, listenPort, mark, ...more] = first?.split("\t") ?? [];
  if (publicKey === undefined || listenPort === undefined || mark === undefined || more.length > 0)
    throw unreadable("its first line does not describe a device");
  const keys = new Map<string, Secret>();
  const peers = rest.map((line, index) => {
    const known = before?.peers.get(line.slice(0, line.indexOf("\t")));
    return known && lines.get(known) === line ? known : parsePeer(detached(line), index + 2, keys);
  });
  return {
    ...(isPresent(privateKey) && { privateKey: keyOf(privateKey, 1) }),
    listenPort: numberOf(listenPort, 1),
    firewallMark: mark === "off" ? 0 : markOf(mark),
    peers: new Map(peers.map((peer) => [peer.publicKey, peer])),
  };
}

/** Reads the line of a peer. `keys` are the preshared keys read so far, since all peers of a mesh have the same one. */
function parsePeer(text: string, line: number, keys: Map<string, Secret>): ObservedPeer {
  const [publicKey, presharedKey, endpoint, allowedIPs, handshake, received, sent, keepalive, ...more] =
    text.split("\t");
  if (publicKey === undefined || keepalive === undefined || more.length > 0)
    throw unreadable(`line ${line} does not describe a peer`);
  checkKey(publicKey, line);
  const dialled = parseEndpoint(endpoint ?? ""); // a link-local endpoint with a zone is none that this program sets
  const handshakeAt = numberOf(handshake, line) * 1000;
  const peer: ObservedPeer = {
    publicKey,
    ...(isPresent(presharedKey) && { presharedKey: sharedKey(presharedKey, line, keys) }),
    ...(dialled && { endpoint: dialled }),
    allowedIPs: isPresent(allowedIPs) ? allowedIPs.split(",").map((prefix) => prefixAt(prefix, line)) : [],
    ...(handshakeAt > 0 && { handshakeAt }),
    receivedBytes: numberOf(received, line),
    sentBytes: numberOf(sent, line),
    keepaliveSeconds: keepalive === "off" ? 0 : numberOf(keepalive, line),
  };
  lines.set(peer, text);
  return peer;
}

const isPresent = (field: string | undefined): field is string =>
  field !== undefined && field !== "" && field !== "(none)";

function checkKey(text: string, line: number): void {
  if (!/^[A-Za-z0-9+/]{43}=$/.test(text)) throw unreadable(`line ${line} holds something else than a key`);
}

function keyOf(text: string, line: number): Secret {
  checkKey(text, line);
  return Secret.fromBase64(text);
}

function sharedKey(text: string, line: number, keys: Map<string, Secret>): Secret {
  const known = keys.get(text);
  if (known) return known;
  const key = keyOf(text, line);
  keys.set(text, key);
  return key;
}

function prefixAt(text: string, line: number): Prefix {
  const prefix = parsePrefix(text);
  if (!prefix) throw unreadable(`line ${line} holds something else than allowed IPs`);
  return prefix;
}

function numberOf(text: string | undefined, line: number): number {
  if (text === undefined || !/^\d{1,16}$/.test(text)) throw noNumber(line);
  return Number(text);
}

function markOf(text: string): number {
  const mark = wordOf(text);
  if (mark === undefined) throw noNumber(1);
  return mark;
}

const noNumber = (line: number): KubespanError =>
  unreadable(`line ${line} holds something else than a number`);

const unreadable = (what: string): KubespanError =>
  new KubespanError("command", `the output of "wg show dump" cannot be read: ${what}`, {
    hint: "is wg from Debian's or Ubuntu's wireguard-tools?",
  });
