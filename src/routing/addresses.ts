import {
  type Address,
  compareAddresses,
  isKubespanULA,
  isSideroLink,
  type LeftOut,
  type Prefix,
  prefixContains,
  prefixOf,
  unreachableKind,
} from "../net/index.ts";
import type { Link, LinkAddress } from "./links.ts";
import { otherMeshLinks } from "./other-meshes.ts";

interface OwnAddressesOptions {
  /** The name of the mesh's link. */
  readonly interfaceName: string;
  readonly advertisedPrefixes: readonly Prefix[];
}

interface OwnAddresses {
  readonly usable: readonly Address[];
  readonly leftOut: readonly LeftOut[];
}

/**
 * The addresses under which other nodes can reach this one, in order of links and then of addresses, and the reason why
 * each of the others is not among them (lessons 8 and 16).
 */
export function ownAddresses(links: readonly Link[], options: OwnAddressesOptions): OwnAddresses {
  const others = otherMeshLinks(links, options.interfaceName);
  const usable = new Set<Address>();
  const leftOut: LeftOut[] = [];
  for (const link of links.toSorted(
    (left, right) => left.index - right.index || compareText(left.name, right.name),
  ))
    for (const entry of link.addresses.toSorted((left, right) =>
      compareAddresses(left.address, right.address),
    )) {
      const reason = others.includes(link)
        ? "it is on the link of another mesh"
        : whyNot(link, entry, options);
      if (reason === undefined) usable.add(entry.address);
      else leftOut.push({ value: entry.address, reason: `${reason} (on ${link.name})` });
    }
  return { usable: [...usable], leftOut: leftOut.filter(({ value }) => !usable.has(value as Address)) };
}

/** The networks in which this node has one of those addresses, as its links say. */
export function ownNetworks(links: readonly Link[], usable: readonly Address[]): Prefix[] {
  const entries = links.flatMap(({ addresses }) => addresses);
  const networks = entries
    .filter(({ address }) => usable.includes(address))
    .flatMap(({ address, bits }) => prefixOf(address, bits) ?? []);
  return [...new Set(networks)];
}

const compareText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

function whyNot(link: Link, entry: LinkAddress, options: OwnAddressesOptions): string | undefined {
  const { address } = entry;
  if (link.name === options.interfaceName) return "it is on the link of the mesh itself";
  const kind = unreachableKind(address);
  if (kind !== undefined) return `it is ${kind}`;
  if (link.name === "lo") return "it is on the loopback link";
  if (isContainerLink(link.name)) return "the link belongs to containers or pods";
  if (!link.up) return "the link is down";
  if (isKubespanULA(address)) return "it is a KubeSpan address";
  if (isSideroLink(address)) return "it is a SideroLink address";
  if (entry.scope !== "global") return `its scope is ${entry.scope}, not global`;
  if (entry.tentative) return "it is tentative: duplicate address detection has not passed";
  if (entry.deprecated) return "it is deprecated";
  const advertised = options.advertisedPrefixes.find((prefix) => prefixContains(prefix, address));
  return advertised && `it is inside ${advertised}, which this node advertises`;
}

/**
 * The links that CNI plug-ins, container engines, hypervisors, kube-proxy and other overlays make. Their addresses mean
 * something only inside this node or inside another network. If they were announced as endpoints, they would lead a
 * tunnel into a tunnel.
 */
const containerLinks: readonly RegExp[] = [
  /^cni\d+$/, // bridge plug-in, flannel
  /^cni-podman\d+$/,
  /^cbr\d+$/, // kubenet
  /^flannel/,
  /^cali/,
  /^(?:tunl|ip6tnl|sit)0$/, // Calico IP in IP
  /^(?:vxlan|vxlan-v6)\.calico$/,
  /^(?:wireguard|wg-v6)\.cali$/,
  /^cilium/,
  /^lxc/,
  /^(?:docker|podman|lxdbr|lxcbr)\d+$/,
  /^br-[0-9a-f]{12}$/, // Docker's own networks
  /^veth/,
  /^virbr\d/,
  /^vnet\d/,
  /^kube-(?:ipvs\d|bridge|dummy-if)/,
  /^nodelocaldns$/,
  /^tailscale\d/,
  /^weave$/,
  /^antrea-(?:gw|egress)\d/,
  /^ovn-k8s-/,
  /^genev_sys_/,
];

export const isContainerLink = (name: string): boolean => containerLinks.some((form) => form.test(name));
