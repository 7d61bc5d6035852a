import { type Address, parseAddress } from "../net/index.ts";

/** Headers by which a proxy in front says for whom it asks. */
export interface ForwardingHeaders {
  readonly realIp: string | undefined;
  readonly forwardedFor: string | undefined;
}

/**
 * Who asks. `peer` is `address:port` of the socket, IPv6 without brackets. Headers count only where the operator says
 * that a proxy sets them, for anyone can send them; `X-Real-IP` goes before the first of `X-Forwarded-For`.
 * `undefined` when it cannot be told.
 */
export function clientAddress(
  peer: string,
  headers: ForwardingHeaders,
  trustProxy: boolean,
): Address | undefined {
  const forwarded = headers.realIp ?? headers.forwardedFor?.split(",")[0];
  const claimed = trustProxy && forwarded !== undefined ? parseAddress(forwarded.trim()) : undefined;
  if (claimed !== undefined) return claimed;
  const address = peer.slice(0, Math.max(0, peer.lastIndexOf(":"))).replace(/%.*$/, ""); // %: scope of a link-local
  return parseAddress(address);
}
