import { type Address, isPrivate } from "../net/index.ts";
import type { Link } from "./links.ts";

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

/**
 * The links whose network is inside this machine, and the same in each machine of its kind, that look like hardware or
 * like a bridge with hardware.
 */
const insideLinks: readonly RegExp[] = [
  /^docker_gwbridge$/, // Docker Swarm
  /^(?:nerdctl|incusbr)\d+$/,
  /^l4tbr\d+$/, // the USB network of NVIDIA's Jetson
  /^tmfifo_net\d+$/, // from a host to the BlueField card in it
  /^mpqemubr\d+$/, // Multipass
  /^vboxnet\d+$/,
];

/** The kinds of links that carry the packets of another network inside their own. */
const overlayKinds: ReadonlySet<string | undefined> = new Set(
  "wireguard tun vxlan geneve gre gretap ip6gre ip6gretap ipip sit ip6tnl vti vti6 xfrm".split(" "),
);

/** The kinds of links by which packets may leave the machine; `undefined` is hardware, and `veth` a container's uplink. */
const outwardKinds: ReadonlySet<string | undefined> = new Set([
  undefined,
  ..."vlan bond team macvlan ipvlan".split(" "),
]);

/**
 * Whether the kind of a link leaves open whose its private addresses are: an overlay's and a bridge's, unless the node's
 * traffic leaves by it. Only a look at the routes tells. A public address is nobody else's, whatever link has it.
 */
export const isDoubtful = ({ name, kind, addresses }: Link): boolean =>
  (kind === "bridge" || overlayKinds.has(kind)) &&
  !isContainerLink(name) &&
  addresses.some(({ address }) => isPrivate(address));

/** Whether packets may leave the machine by a link. */
export const isOutward = ({ name, kind, up, leadsOut }: Link): boolean =>
  up && name !== "lo" && !isInside(name) && (leadsOut === true || kind === "veth" || outwardKinds.has(kind));

const isInside = (name: string): boolean =>
  isContainerLink(name) || insideLinks.some((form) => form.test(name));

/**
 * The reason why an address of a link means something only inside this machine, or inside another overlay; `undefined`
 * if it does not. Others would be led astray by it: every machine may have the same one, and a tunnel to it would run
 * through another tunnel.
 */
export function whyElsewhere(link: Link, address: Address, links: readonly Link[]): string | undefined {
  const { name, kind, leadsOut } = link;
  if (leadsOut === true || !isPrivate(address)) return undefined;
  if (overlayKinds.has(kind))
    return `the link is another overlay's (${kind}), and no default route leads there`;
  if (kind !== "bridge") return undefined;
  const hasWayOut = links.some((port) => port.master === name && outwardKinds.has(port.kind));
  return hasWayOut ? undefined : "the bridge has no port that leads out, and no default route leads there";
}

/** The reason why no address of a link is dialled from elsewhere, if the link leads only to what is inside this machine. */
export function whyInside({ name }: Link): string | undefined {
  if (isContainerLink(name)) return "the link belongs to containers or pods";
  return isInside(name) ? "the link leads to what is inside this machine" : undefined;
}
