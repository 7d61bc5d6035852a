import type { Config } from "../config/index.ts";
import type { Warning } from "../marks/index.ts";
import { type Address, type Family, familyOf, type Prefix, prefixFamily } from "../net/index.ts";

/**
 * Whether this node has a source of a family that peers accept: an address of its own, or a network that it advertises.
 * For IPv6 the KubeSpan address always is one.
 */
export const hasSource = (
  family: Family,
  { advertisedPrefixes }: Config,
  addresses: readonly Address[],
): boolean =>
  addresses.some((address) => familyOf(address) === family) ||
  advertisedPrefixes.some((prefix) => prefixFamily(prefix) === family);

/**
 * Warns that IPv4 to the members is refused. A machine without an IPv4 address of its own may have one for translation
 * (464XLAT), which is the same on each of them: peers would drop what comes from there.
 */
export function noSourceWarnings(
  config: Config,
  addresses: readonly Address[],
  targets: readonly Prefix[],
): Warning[] {
  const count = targets.filter((prefix) => prefixFamily(prefix) === 4).length;
  if (count === 0 || hasSource(4, config, addresses)) return [];
  const what =
    `has no IPv4 address that others could answer to: IPv4 from here to ${count} of their networks is ` +
    `${config.allowDownPeerBypass ? "not sent through the mesh" : "refused"}; use IPv6, or give this node ` +
    "an IPv4 address";
  return [{ who: "this node", what }];
}
