import { parseAddress } from "../net/index.ts";

/** Names that a program reads as a scheme where it takes `scheme:path` for a target. */
const schemes = new Set(["dns", "http", "https", "ipv4", "ipv6", "unix", "unix-abstract", "vsock", "xds"]);

/**
 * Reads where a service sends its clients: `host:port`, IPv6 in brackets. Nothing else is followed; above all no URL,
 * whose scheme could take TLS away. `undefined` for anything else.
 */
export function parseRedirect(text: string): { readonly host: string; readonly port: number } | undefined {
  const match =
    /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([0-9A-Za-z](?:[0-9A-Za-z.-]{0,251}[0-9A-Za-z])?)):([1-9]\d{0,4})$/.exec(
      text,
    );
  const port = Number(match?.[3]);
  const host = match?.[1] === undefined ? match?.[2] : parseAddress(match[1]);
  return host === undefined || port > 65535 || schemes.has(host.toLowerCase()) ? undefined : { host, port };
}
