import { type Address, type Family, familyOf } from "../net/index.ts";
import { isOutward } from "./link-kinds.ts";
import type { Link } from "./links.ts";

/** The bytes by which a packet grows at most: an IPv6 header, UDP's, and WireGuard's own with its padding and tag. */
const overhead = 80;
/** The smallest MTU with which IPv6 works. */
const smallestMTU = 1280;
/** The largest MTU, which a packet of 65,535 bytes can carry. */
const largestMTU = 65_455;
/** The MTU of Ethernet, for a node on which no link says anything. */
const ordinaryMTU = 1500;

/** The name of the loopback link. No tunnel runs over it, whatever addresses it has. */
export const loopback = "lo";

/**
 * The MTU of the mesh's link in bytes: the configured one, or 80 less than the smallest among the links that hold the
 * node's own addresses, because tunnels may run over any of them. Over Ethernet it is 1420. Where only the
 * loopback link has own addresses (routing to the host), all links that lead out count.
 */
export function meshMTU(
  configured: number | "auto",
  links: readonly Link[],
  ownAddresses: readonly Address[],
): number {
  if (configured !== "auto") return configured;
  const own = new Set(ownAddresses);
  const real = links.filter(({ name, mtu }) => name !== loopback && mtu > 0);
  const holding = real.filter(({ addresses }) => addresses.some(({ address }) => own.has(address)));
  const below = (holding.length > 0 ? holding : real.filter(isOutward)).map(({ mtu }) => mtu);
  const smallest = Math.min(...(below.length > 0 ? below : [ordinaryMTU]));
  return Math.min(Math.max(smallest - overhead, smallestMTU), largestMTU);
}

/**
 * The node's primary address of a family. It is the first address of the first link that has any, in the kernel's
 * order, in which addresses that were added later (virtual ones) come later. A deprecated address, or one of the
 * loopback link, is taken only where there is no other.
 */
export function primaryAddress(
  family: Family,
  links: readonly Link[],
  ownAddresses: readonly Address[],
): Address | undefined {
  const own = new Set(ownAddresses.filter((address) => familyOf(address) === family));
  const found = links
    .toSorted((left, right) => left.index - right.index)
    .flatMap(({ name, addresses }) =>
      addresses
        .filter(({ address }) => own.has(address))
        .map(({ address, deprecated }) => ({ address, isLast: name === loopback, deprecated })),
    );
  const best =
    found.find(({ isLast, deprecated }) => !isLast && !deprecated) ??
    found.find(({ deprecated }) => !deprecated) ??
    found[0];
  return best?.address;
}

/** The bytes by which an overlay's packet grows before it enters the mesh, by the kind of link. */
const overlays: Readonly<Record<string, number>> = { vxlan: 50, geneve: 50, ipip: 20, gre: 24, gretap: 38 };

/** The links of overlays between the nodes' IPv6 addresses, whose headers are longer. */
const overIPv6 = /^(?:flannel-v6\.\d|vxlan-v6\.calico$)/;
const longerHeader = 20;

/** The links through which CNI plug-ins send pods' packets to other nodes. */
const podLinks =
  /^(?:cni\d|cbr\d|flannel|cali|tunl0$|vxlan(?:-v6)?\.calico$|cilium|lxc|kube-bridge$|weave$|antrea-gw|ovn-k8s-|genev_sys_)/;

export interface TooLarge {
  readonly link: string;
  /** The MTU of the link; it and `fits`, which is the largest that fits, are in bytes. */
  readonly mtu: number;
  readonly fits: number;
  /** The number of further links with this MTU. */
  readonly more: number;
}

/** The pod links that take larger packets than fit through the mesh, one for each MTU and limit. */
export function tooLargePodLinks(links: readonly Link[], mtu: number): TooLarge[] {
  const found = new Map<string, TooLarge>();
  for (const link of links) {
    const fits = mtu - (overlays[link.kind ?? ""] ?? 0) - (overIPv6.test(link.name) ? longerHeader : 0);
    if (!link.up || !podLinks.test(link.name) || link.mtu <= fits) continue;
    const key = `${link.mtu} ${fits}`;
    const first = found.get(key);
    found.set(
      key,
      first ? { ...first, more: first.more + 1 } : { link: link.name, mtu: link.mtu, fits, more: 0 },
    );
  }
  return [...found.values()];
}
