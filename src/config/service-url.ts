import { type HostPort, parseHostPort } from "../net/index.ts";

/** The location of a discovery service. */
export interface ServiceLocation extends HostPort {
  readonly tls: boolean;
}

const defaultPorts = { https: 443, http: 80 } as const;

/** Reads `https://host[:port][/]` (TLS) or `http://host[:port][/]` (plaintext); `undefined` for anything else. */
export function parseServiceURL(text: string): ServiceLocation | undefined {
  const [, scheme, location = ""] = /^(https?):\/\/([^/?#@]+)\/?$/.exec(text) ?? [];
  if (scheme !== "http" && scheme !== "https") return undefined;
  const parsed = parseHostPort(location, defaultPorts[scheme]);
  return parsed && { ...parsed, tls: scheme === "https" };
}

const stunPort = 3478;

/** Reads `host[:port]` of a STUN server; `undefined` for anything else. */
export const parseStunServer = (text: string): HostPort | undefined => parseHostPort(text, stunPort);
