import { type HostPort, isLoopback, parseAddress } from "../net/index.ts";

/** What a request says of who asks, and by which name. */
interface Headers {
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
  readonly "sec-fetch-site"?: string | readonly string[] | undefined;
  readonly "sec-fetch-mode"?: string | readonly string[] | undefined;
}

function listensOnLoopback({ host }: HostPort): boolean {
  const address = parseAddress(host);
  return address === undefined ? host === "localhost" : isLoopback(address);
}

/**
 * Why a request is refused that a page in a browser on this machine may have made; `undefined` for all others. A page may
 * ask any server, and reads the answer where its own name has come to stand for this machine (DNS rebinding). Monitoring
 * names no origin. The names are those by which the server may be called, besides an address and `localhost`; without a
 * list of them it may be called by any name, unless it listens on loopback alone.
 */
export function refusal(
  listen: HostPort,
  { host, origin, "sec-fetch-site": site, "sec-fetch-mode": mode }: Headers,
  names: readonly string[] | undefined = listensOnLoopback(listen) ? [] : undefined,
): string | undefined {
  if (origin !== undefined || isForeign(site, mode)) return "pages of other servers are not answered";
  if (!names || isOwnName(host, names)) return undefined;
  return "this node does not know that name: ask by its address, or list the name under metrics.names";
}

/** The host and the port of a `Host` header; an IPv6 address stands in brackets. */
const form = /^(?:\[([^\]]+)\]|([^:]+))(?::\d{1,5})?$/;

/**
 * Tells whether the `Host` of a request is an address, `localhost`, or one of these names. Any other name may be one that a
 * page elsewhere had pointed at this node (DNS rebinding), so that a browser lets that page read the answer. A request
 * without the header comes from no browser.
 */
export function isOwnName(header: string | undefined, names: readonly string[]): boolean {
  if (header === undefined) return true;
  const [, bracketed, plain = ""] = form.exec(header) ?? [];
  if (bracketed !== undefined) return parseAddress(bracketed) !== undefined;
  const name = plain.toLowerCase().replace(/\.$/, "");
  if (name === "") return false;
  return (
    parseAddress(name) !== undefined || ["localhost", ...names].some((each) => each.toLowerCase() === name)
  );
}

/**
 * Tells whether a browser asks on behalf of a page elsewhere. It may follow a link to here, but no page elsewhere may load
 * anything from here, even if it could not read the answer.
 */
export const isForeign = (site: Headers["sec-fetch-site"], mode: Headers["sec-fetch-mode"]): boolean =>
  (site === "cross-site" || site === "same-site") && mode !== "navigate";
