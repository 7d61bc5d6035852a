import {
  type Address,
  endpointAddress,
  familyOf,
  parseAddress,
  parseEndpoint,
  prefixOf,
} from "../net/index.ts";

/** The headers by which a proxy in front of the service names its client. */
export interface ForwardingHeaders {
  readonly realIp: string | undefined;
  readonly forwardedFor: string | undefined;
}

/**
 * The operator's statement about proxies in front of the service. Without it the headers are ignored, as any client can
 * send them.
 */
export interface ProxyTrust {
  /** The number of proxies that each append the address of their client to `X-Forwarded-For`. */
  readonly hops: number;
  /** Whether the last proxy replaces `X-Real-IP`. */
  readonly realIp: boolean;
}

export const noProxy: ProxyTrust = { hops: 0, realIp: false };

export const isProxied = ({ hops, realIp }: ProxyTrust): boolean => hops > 0 || realIp;

/**
 * The address of the client. `peer` is `address:port` of the socket, IPv6 without brackets. Of `X-Forwarded-For`, only
 * the entries of trusted proxies count: each appends the address of its client, so with one proxy the last entry is
 * read, with two the last but one. Entries further left are the client's own claims. `undefined` when the address
 * cannot be determined.
 */
export function clientAddress(
  peer: string,
  headers: ForwardingHeaders,
  trust: ProxyTrust,
): Address | undefined {
  const real = trust.realIp && headers.realIp !== undefined ? addressIn(headers.realIp) : undefined;
  const claimed = real ?? forwardedAddress(headers.forwardedFor, trust.hops);
  if (claimed !== undefined) return claimed;
  // A link-local address may be followed by % and a scope.
  const address = peer.slice(0, Math.max(0, peer.lastIndexOf(":"))).replace(/%.*$/, "");
  return parseAddress(address);
}

/**
 * The entry that the first trusted proxy wrote. A client that bypassed some proxies leaves fewer entries, and then the
 * first entry was written by a proxy.
 */
function forwardedAddress(header: string | undefined, hops: number): Address | undefined {
  if (header === undefined || hops === 0) return undefined;
  const entries = header.split(",");
  const entry = entries[Math.max(0, entries.length - hops)];
  return entry === undefined ? undefined : addressIn(entry);
}

/** Parses an entry, with or without a port, which some proxies append. */
function addressIn(text: string): Address | undefined {
  const trimmed = text.trim();
  const endpoint = parseEndpoint(trimmed);
  return parseAddress(trimmed) ?? (endpoint && endpointAddress(endpoint));
}

/**
 * The length of the IPv6 prefix that counts as one holder: one machine has many addresses, and whoever rents one often
 * has the /48 around it.
 */
const holderBits = 48;

/** The holder of a share: an IPv4 address, or the IPv6 addresses of one site. */
export const holderOf = (address: Address): string =>
  familyOf(address) === 4 ? address : (prefixOf(address, holderBits) ?? address);
