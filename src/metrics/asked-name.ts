import { parseAddress } from "../net/index.ts";

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
export const isForeign = (site: string | undefined, mode: string | undefined): boolean =>
  (site === "cross-site" || site === "same-site") && mode !== "navigate";
