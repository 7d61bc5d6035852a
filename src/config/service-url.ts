import { type HostPort, parseHostPort } from "../net/index.ts";

/** The location of a discovery service. */
export interface ServiceLocation extends HostPort {
  readonly tls: boolean;
}

const defaultPorts = { https: 443, grpc: 443, http: 80 } as const;

/**
 * Reads `https://host[:port]` or, as Talos takes it, `grpc://host[:port]` (both TLS), or `http://host[:port]` (plaintext);
 * `undefined` for anything else. A path and a query mean nothing to gRPC and are ignored.
 */
export function parseServiceURL(text: string): ServiceLocation | undefined {
  const [, scheme, location = ""] =
    /^(https?|grpc):\/\/([^/?#@]+)(?:[/?][^#\p{C}\p{Z}]*)?$/u.exec(text) ?? [];
  if (scheme !== "http" && scheme !== "https" && scheme !== "grpc") return undefined;
  const parsed = parseHostPort(location, defaultPorts[scheme]);
  return parsed && { ...parsed, tls: scheme !== "http" };
}

/**
 * Reads also what Talos takes besides: TLS under any scheme but `http`, capitals, a user name and a fragment, which mean
 * nothing to it, a colon without a port, a port with leading zeros, and a name that ends in a dot.
 */
export function parseAnyServiceURL(text: string): ServiceLocation | undefined {
  const [, scheme = "", host = "", port = "", path = ""] =
    /^([A-Za-z][A-Za-z\d+.-]*):\/\/(?:[^/?#@]*@)?(\[[^\]]*\]|[^/?#:]*)(?::0*(\d*))?([/?][^#]*)?(?:#.*)?$/u.exec(
      text,
    ) ?? [];
  const server = `${host.replace(/(?<=[^.])\.$/, "")}${port && `:${port}`}`;
  return parseServiceURL(`${scheme.toLowerCase() === "http" ? "http" : "https"}://${server}${path}`);
}

const stunPort = 3478;

/** Reads `host[:port]` of a STUN server; `undefined` for anything else. */
export const parseStunServer = (text: string): HostPort | undefined => parseHostPort(text, stunPort);
