import { type HostPort, parseAddress, unreachableKind } from "../net/index.ts";
import { isForeign, isOwnName } from "./asked-name.ts";

/** The headers of a request, by their names in small letters. */
type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

const isLoopback = (host: string): boolean => {
  const address = parseAddress(host);
  return address === undefined ? host === "localhost" : unreachableKind(address) === "a loopback address";
};

/**
 * Why a request is refused that a page in a browser on this machine may have made; `undefined` for all others. A page may
 * ask any server, and reads the answer where its own name has come to stand for this machine (DNS rebinding). Monitoring
 * names no origin. The names are those by which the server may be called, besides an address and `localhost`; without a
 * list of them it may be called by any name, unless it listens on loopback alone.
 */
export function refusal(
  listen: HostPort,
  { host, origin, ...more }: Headers,
  names: readonly string[] | undefined = isLoopback(listen.host) ? [] : undefined,
): string | undefined {
  if (origin !== undefined || isForeign(String(more["sec-fetch-site"]), String(more["sec-fetch-mode"])))
    return "pages of other servers are not answered";
  if (!names || isOwnName(host === undefined ? undefined : String(host), names)) return undefined;
  return "this node does not know that name: ask by its address, or list the name under metrics.names";
}
