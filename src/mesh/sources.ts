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
import { primaryAddress } from "../routing/index.ts";
import type { Kernel } from "./kernel.ts";

type Seen = Pick<Kernel, "links" | "addresses">;

/**
 * The node's IPv4 address for packets into the mesh, which the mesh's link carries, too; `undefined` if it has none that
 * peers accept.
 */
export const ipv4SourceOf = (config: Config, { links, addresses }: Seen): Address | undefined =>
  primaryAddress(
    4,
    links.filter(({ name }) => name !== config.interfaceName),
    addresses.usable.filter(
      (address) => !config.excludeAdvertisedNetworks.some((network) => prefixContains(network, address)),
    ),
  );

/**
 * The families in which the mesh's link has an address that peers accept. For IPv6 it has the KubeSpan address.
 * `undefined` as long as this node announces nothing, because then nobody knows.
 */
export function acceptedFamilies(config: Config, seen: Seen, own: readonly Prefix[]): Family[] | undefined {
  if (own.length === 0) return undefined;
  const source = ipv4SourceOf(config, seen);
  const isAccepted = source !== undefined && own.some((network) => prefixContains(network, source));
  return isAccepted ? [4, 6] : [6];
}

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
