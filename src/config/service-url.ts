import { parseAddress } from "../net/index.ts";

/** The location of a discovery service. */
export interface ServiceLocation {
  /** A DNS name in lower case, or an address (IPv6 without brackets). */
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

const defaultPorts = { https: 443, http: 80 } as const;

/** Reads `https://host[:port][/]` (TLS) or `http://host[:port][/]` (plaintext); `undefined` for anything else. */
export function parseServiceURL(text: string): ServiceLocation | undefined {
  const match = /^(https?):\/\/(?:\[([0-9A-Fa-f:.]+)\]|([^/:?#@[\]]+))(?::([1-9]\d{0,4}))?\/?$/.exec(text);
  if (!match) return undefined;
  const scheme = match[1] === "http" ? "http" : "https";
  const host = match[2] === undefined ? plainHost(match[3] ?? "") : bracketedHost(match[2]);
  const port = match[4] === undefined ? defaultPorts[scheme] : Number(match[4]);
  return host === undefined || port > 65_535 ? undefined : { host, port, tls: scheme === "https" };
}

const stunPort = 3478;

/** Reads `host[:port]` of a STUN server; `undefined` for anything else. */
export function parseHostPort(text: string): { readonly host: string; readonly port: number } | undefined {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^/:?#@[\]]+))(?::([1-9]\d{0,4}))?$/.exec(text);
  if (!match) return undefined;
  const port = match[3] === undefined ? stunPort : Number(match[3]);
  const host = match[1] === undefined ? plainHost(match[2] ?? "") : bracketedHost(match[1]);
  return host === undefined || port > 65_535 ? undefined : { host, port };
}

const bracketedHost = (text: string): string | undefined =>
  text.includes(":") ? parseAddress(text) : undefined;

function plainHost(text: string): string | undefined {
  const lastLabel = text.slice(text.lastIndexOf(".") + 1);
  if (/^\d+$/.test(lastLabel)) return parseAddress(text); // no DNS name ends in a number, so this must be an address
  return isHostName(text) ? text.toLowerCase() : undefined;
}

/** A DNS name (RFC 1123): at most 253 characters in labels of at most 63. */
const isHostName = (text: string): boolean =>
  text.length <= 253 && /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.(?!$)|$))+$/.test(text);
