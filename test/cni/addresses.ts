/** One family of addresses: where nodes and pods are, and what tools call it. */
export interface Addresses {
  readonly family: 4 | 6;
  /** In nft's rules, and in its names of tables. */
  readonly ip: "ip" | "ip6";
  /** nft's match for a ping and its answer. */
  readonly ping: string;
  readonly node: { readonly a: string; readonly b: string };
  readonly client: string;
  readonly allPods: string;
  /** What is routed to a node's pods, as Flannel and Calico divide it; a is node 1, b is node 2. */
  readonly block: { readonly flannel: (node: number) => string; readonly calico: (node: number) => string };
  /** An address among a node's pods. */
  readonly pod: (node: number, last: number) => string;
  /** How much more a packet in VXLAN is. */
  readonly vxlanBytes: number;
}

const ipv4Pod = (node: number, last: number): string => `10.244.${node}.${last}`;
/** In Kubernetes' examples; the network of the second node looks like one of KubeSpan addresses, and is none. */
const ipv6Pod = (node: number, last: number): string =>
  `fd00:10:244:${node}::${last === 0 ? "" : last.toString(16)}`;

export const ipv4: Addresses = {
  family: 4,
  ip: "ip",
  ping: "icmp type { echo-request, echo-reply }",
  node: { a: "203.0.113.1", b: "203.0.113.2" },
  client: "203.0.113.50",
  allPods: "10.244.0.0/16",
  block: { flannel: (node) => `${ipv4Pod(node, 0)}/24`, calico: (node) => `${ipv4Pod(node, 0)}/26` },
  pod: ipv4Pod,
  vxlanBytes: 50,
};

const ipv6: Addresses = {
  family: 6,
  ip: "ip6",
  ping: "icmpv6 type { echo-request, echo-reply }",
  node: { a: "2001:db8::1", b: "2001:db8::2" },
  client: "2001:db8::50",
  allPods: "fd00:10:244::/56",
  block: { flannel: (node) => `${ipv6Pod(node, 0)}/64`, calico: (node) => `${ipv6Pod(node, 0)}/122` },
  pod: ipv6Pod,
  vxlanBytes: 70,
};

export const bothFamilies: readonly Addresses[] = [ipv4, ipv6];

/** The last byte of every pod's address. */
const podByte = 2;
export const podAddress = ({ pod }: Addresses): { readonly a: string; readonly b: string } => ({
  a: pod(1, podByte),
  b: pod(2, podByte),
});
