import { type HostPort, parseHostPort } from "../net/index.ts";

/** The names that count as a scheme if a target is given as `scheme:path`. */
const schemes = new Set(["dns", "http", "https", "ipv4", "ipv6", "unix", "unix-abstract", "vsock", "xds"]);

/**
 * Reads the target of a redirect: `host:port`, with IPv6 in brackets. `undefined` for anything else, above all for a
 * URL, whose scheme could take TLS away.
 */
export function parseRedirect(text: string): HostPort | undefined {
  const target = parseHostPort(text);
  return target && !schemes.has(target.host) ? target : undefined;
}
