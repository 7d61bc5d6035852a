import type { Config } from "../config/index.ts";
import type { Warning } from "../marks/index.ts";
import {
  type Address,
  type Family,
  familyOf,
  type Prefix,
  prefixContains,
  prefixFamily,
} from "../net/index.ts";
import type { Networks } from "../nftables/index.ts";
import { isOutward, primaryAddress } from "../routing/index.ts";
import type { Kernel } from "./kernel.ts";

type Seen = Pick<Kernel, "links" | "addresses">;

/**
 * The node's IPv4 address for packets into the mesh, which the mesh's link carries, too: one that was announced and is
 * not in an excluded network, as peers accept no other. `undefined` if there is none.
 */
export const ipv4SourceOf = (
  config: Config,
  links: Kernel["links"],
  announced: readonly Address[],
): Address | undefined =>
  primaryAddress(
    4,
    links.filter(({ name }) => name !== config.interfaceName),
    announced.filter(
      (address) => !config.excludeAdvertisedNetworks.some((network) => prefixContains(network, address)),
    ),
  );

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
 * The families in which the mesh's link has an address that peers accept. For IPv6 it has the KubeSpan address.
 * `undefined` as long as this node announces nothing, because then nobody knows.
 */
export function acceptedFamilies(
  config: Config,
  { links, addresses }: Seen,
  own: readonly Prefix[],
): Family[] | undefined {
  if (own.length === 0) return undefined;
  const announced = addresses.usable.filter((address) =>
    own.some((network) => prefixContains(network, address)),
  );
  return ipv4SourceOf(config, links, announced) === undefined ? [6] : [4, 6];
}

/**
 * The links of this node's default routes, or all that lead out where the routes were not read, because there is only
 * one. A name that rules cannot hold is left out.
 */
export const uplinksOf = ({ interfaceName }: Config, { links }: Pick<Seen, "links">): string[] =>
  links
    .filter((link) => link.name !== interfaceName && (link.leadsOut ?? isOutward(link)))
    .map(({ name }) => name)
    .filter((name) => /^[\w.:@-]+$/.test(name))
    .toSorted();

/**
 * Warns of a node whose IPv4 addresses no peer accepts, such as one behind CLAT, although peers have IPv4 addresses. What
 * it sends there is refused.
 */
export function sourceWarnings(config: Config, seen: Seen, { own, targets }: Networks): Warning[] {
  if (acceptedFamilies(config, seen, own)?.includes(4) !== false) return [];
  const refused = targets.filter((target) => prefixFamily(target) === 4).length;
  const addresses = seen.links
    .filter(({ name }) => name !== "lo" && name !== config.interfaceName)
    .flatMap((link) => link.addresses)
    .map(({ address }) => address)
    .filter((address) => familyOf(address) === 4 && !own.some((network) => prefixContains(network, address)));
  const [first] = addresses;
  if (refused === 0 || first === undefined) return [];
  return [
    {
      who: "IPv4 of this node",
      what:
        `peers accept no IPv4 address of this node (${first} is not announced), so what it sends from there to ` +
        `${refused} IPv4 networks in the mesh is refused, and not sent outside: use the peers' IPv6 addresses, or give ` +
        "the node an IPv4 address that others reach",
    },
  ];
}
