import {
  type Address,
  endpointAddress,
  familyOf,
  parseAddress,
  parseEndpoint,
  prefixOf,
} from "../net/index.ts";

/** Headers by which a proxy in front says for whom it asks. */
export interface ForwardingHeaders {
  readonly realIp: string | undefined;
  readonly forwardedFor: string | undefined;
}

/** What the operator says about proxies in front: their headers count for nothing otherwise, as anyone can send them. */
export interface ProxyTrust {
  /** Proxies that each append to `X-Forwarded-For` whom they were asked by. */
  readonly hops: number;
  /** The last proxy replaces `X-Real-IP`. */
  readonly realIp: boolean;
}

export const noProxy: ProxyTrust = { hops: 0, realIp: false };

export const isProxied = ({ hops, realIp }: ProxyTrust): boolean => hops > 0 || realIp;

/**
 * Who asks. `peer` is `address:port` of the socket, IPv6 without brackets. Of `X-Forwarded-For`, only what the trusted
 * proxies wrote is read: with one, the last entry, with two the last but one, as each writes whom it was asked by. What
 * stands further left is whatever the client sent. `undefined` when it cannot be told.
 */
export function clientAddress(
  peer: string,
  headers: ForwardingHeaders,
  trust: ProxyTrust,
): Address | undefined {
  const real = trust.realIp && headers.realIp !== undefined ? addressIn(headers.realIp) : undefined;
  const claimed = real ?? forwardedAddress(headers.forwardedFor, trust.hops);
  if (claimed !== undefined) return claimed;
  const address = peer.slice(0, Math.max(0, peer.lastIndexOf(":"))).replace(/%.*$/, ""); // %: scope of a link-local
  return parseAddress(address);
}

/** Who did not come through all of the proxies left fewer entries; the first was then written by one of them. */
function forwardedAddress(header: string | undefined, hops: number): Address | undefined {
  if (header === undefined || hops === 0) return undefined;
  const entries = header.split(",");
  const entry = entries[Math.max(0, entries.length - hops)];
  return entry === undefined ? undefined : addressIn(entry);
}

/** Some proxies write the port, too. */
function addressIn(text: string): Address | undefined {
  const trimmed = text.trim();
  const endpoint = parseEndpoint(trimmed);
  return parseAddress(trimmed) ?? (endpoint && endpointAddress(endpoint));
}

/** One machine has as many IPv6 addresses as it likes, and whoever rents one often has the /48 around it. */
const holderBits = 48;

/** Who shares with others what the service has: an IPv4 address, or the IPv6 addresses of one site. */
export const holderOf = (address: Address): string =>
  familyOf(address) === 4 ? address : (prefixOf(address, holderBits) ?? address);
