import { type Address, parseAddress } from "./address.ts";

/** The location of a server. */
export interface HostPort {
  /** A DNS name in small letters, or a canonical address (IPv6 without brackets). */
  readonly host: string;
  readonly port: number;
}

export const largestPort = 65_535;

/** Reads a port in decimals without leading zeros, 1 to 65535. `least` 0 allows port 0. */
export function parsePort(text: string, least: 0 | 1 = 1): number | undefined {
  const port = /^(?:0|[1-9]\d{0,4})$/.test(text) ? Number(text) : -1;
  return port >= least && port <= largestPort ? port : undefined;
}

/** The parts of a text. Brackets hold an IPv6 address, and nothing else. */
interface Parts {
  /** The host without brackets: a name or an IPv4 address, not checked yet. */
  readonly name: string | undefined;
  /** The address in brackets. */
  readonly address: Address | undefined;
  /** The text behind the colon; `undefined` without a colon. */
  readonly port: string | undefined;
}

/** Takes a text apart: `host`, `host:port`, `[address]` or `[address]:port`. */
function partsOf(text: string): Parts | undefined {
  const [, bracketed, name, port] = /^(?:\[([^[\]]+)\]|([^:[\]]+))(?::(\d*))?$/.exec(text) ?? [];
  if (bracketed === undefined) return name === undefined ? undefined : { name, address: undefined, port };
  const address = bracketed.includes(":") ? parseAddress(bracketed) : undefined;
  return address && { name: undefined, address, port };
}

/** Reads `host:port`, or `host` alone with `meant` as its port; `undefined` for anything else. */
export function parseHostPort(text: string, meant?: number): HostPort | undefined {
  const parts = partsOf(text);
  if (!parts) return undefined;
  const host = parts.address ?? parseHost(parts.name ?? "");
  const port = parts.port === undefined ? meant : parsePort(parts.port);
  return host === undefined || port === undefined ? undefined : { host, port };
}

/** Reads an address with its port; `undefined` for anything else. `least` 0 allows port 0. */
export function parseAddressPort(
  text: string,
  least: 0 | 1 = 1,
): { readonly host: Address; readonly port: number } | undefined {
  const parts = partsOf(text);
  const host = parts?.address ?? parseAddress(parts?.name ?? "");
  const port = parsePort(parts?.port ?? "", least);
  return host === undefined || port === undefined ? undefined : { host, port };
}

/** Writes a location in the form that `parseHostPort` reads. */
export const hostPortText = ({ host, port }: HostPort): string =>
  `${host.includes(":") ? `[${host}]` : host}:${port}`;

function parseHost(text: string): string | undefined {
  const lastLabel = text.slice(text.lastIndexOf(".") + 1);
  if (/^\d+$/.test(lastLabel)) return parseAddress(text); // no name ends in a number, so this has to be an address
  return isHostName(text) ? text.toLowerCase() : undefined;
}

/**
 * Tells whether a text is a DNS name (RFC 1123): at most 253 characters in labels of at most 63. Underscores are none of
 * a host's letters there, but every resolver looks such names up, and container networks make them.
 */
const isHostName = (text: string): boolean =>
  text.length <= 253 && /^(?:\w(?:[\w-]{0,61}\w)?(?:\.(?!$)|$))+$/.test(text);
