import { familyOf, isKubespanULA } from "../net/index.ts";
import type { Link, LinkAddress } from "./links.ts";

const tunnels: readonly (string | undefined)[] = ["wireguard", "tun"];
const hostBits = 32;

/**
 * The links of other meshes on this node. Another daemon of this program keeps them. Such a link carries a KubeSpan
 * address or, where IPv6 is off, a single IPv4 address that another link carries, too. No tunnel of this mesh runs over
 * it, and its addresses are no addresses of the node. Otherwise each mesh would take the other's link for one of the
 * node's own, and lower its MTU below that of the other again and again.
 */
export const otherMeshLinks = (links: readonly Link[], interfaceName: string): Link[] =>
  links.filter(
    (link) =>
      link.name !== interfaceName &&
      tunnels.includes(link.kind) &&
      link.addresses.some(
        (entry) => isKubespanULA(entry.address) || (isSingle(entry) && isCopy(entry, link, links)),
      ),
  );

const isSingle = ({ address, bits }: LinkAddress): boolean => familyOf(address) === 4 && bits === hostBits;

const isCopy = ({ address }: LinkAddress, own: Link, links: readonly Link[]): boolean =>
  links.some(
    (link) =>
      link !== own &&
      !tunnels.includes(link.kind) &&
      link.addresses.some((entry) => entry.address === address),
  );

/** The links over which tunnels of this mesh may run: neither its own link nor those of other meshes. */
export function linksBelow(links: readonly Link[], interfaceName: string): Link[] {
  const others = otherMeshLinks(links, interfaceName);
  return links.filter((link) => link.name !== interfaceName && !others.includes(link));
}
