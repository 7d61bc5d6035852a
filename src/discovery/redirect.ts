import { type HostPort, parseHostPort } from "../net/index.ts";

/** Names that a program reads as a scheme where it takes `scheme:path` for a target. */
const schemes = new Set(["dns", "http", "https", "ipv4", "ipv6", "unix", "unix-abstract", "vsock", "xds"]);

/**
 * Reads where a service sends its clients: `host:port`, IPv6 in brackets. Nothing else is followed; above all no URL,
 * whose scheme could take TLS away. `undefined` for anything else.
 */
export function parseRedirect(text: string): HostPort | undefined {
  const target = parseHostPort(text);
  return target && !schemes.has(target.host) ? target : undefined;
}
