import { type Address, hostPrefix, type Prefix, parseAddress, parsePrefix } from "../net/index.ts";

/** A route of the main table. */
export interface MainRoute {
  readonly network: Prefix;
  readonly type: string;
  readonly gateway: Address | undefined;
  readonly link: string | undefined;
  /** The number that tells who made the route. */
  readonly protocol: number | undefined;
}

const form =
  /^(?:(unicast|blackhole|unreachable|prohibit|throw|local|broadcast|anycast|multicast|nat|\d+) )?([0-9a-f.:]+(?:\/\d{1,3})?) /;

/** Parses a line of `ip -o -N route show table 254`; `undefined` for a default route and what cannot be read. */
export function parseMainRoute(line: string): MainRoute | undefined {
  const padded = `${line} `;
  const [, type = "unicast", to = ""] = form.exec(padded) ?? [];
  const address = parseAddress(to);
  const network = address ? hostPrefix(address) : parsePrefix(to);
  if (network === undefined) return undefined;
  const word = (name: string): string | undefined =>
    new RegExp(` ${name} (?:inet6? )?(\\S+)`).exec(line)?.[1];
  return {
    network,
    type: type === blackholeNumber ? "blackhole" : type,
    gateway: parseAddress(word("via") ?? ""),
    link: word("dev"),
    protocol: Number(word("proto")) || undefined,
  };
}

/** The number of RTN_BLACKHOLE in the kernel's include/uapi/linux/rtnetlink.h, which `ip -N` prints. */
const blackholeNumber = "6";

/** The protocol number with which Calico marks its routes. */
const calicoProtocol = 80;

/** The links of the pods of this node, and the bridges in front of them. Links of overlays lead to pods elsewhere. */
const localPodLinks = /^(?:cali[0-9a-f]|lxc|cni\d|cbr\d|veth|kube-bridge$|azv|eni|gke|nerdctl)/;

/** Whether a route tells of pods on this node: their own addresses, or the block from which Calico gives addresses. */
export const isOfOwnPods = ({ type, gateway, link, protocol }: MainRoute): boolean =>
  isBlock({ type, protocol }) || (gateway === undefined && link !== undefined && localPodLinks.test(link));

/** Whether a route holds a block of Calico's IPAM for this node: what of it is no pod's goes nowhere. */
export const isBlock = ({ type, protocol }: Pick<MainRoute, "type" | "protocol">): boolean =>
  type === "blackhole" && protocol === calicoProtocol;
