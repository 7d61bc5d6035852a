import type { LabNode } from "../../lab/index.ts";
import { type Addresses, ipv4 } from "./addresses.ts";
import type { Mesh } from "./mesh.ts";

/** One end of a pod network: its node, the numbers of both nodes, and their addresses. */
interface End {
  readonly node: LabNode;
  readonly own: number;
  readonly other: number;
  readonly ownAddress: string;
  readonly otherAddress: string;
}

/** A CNI's way from the pods of one node to those of another, in one family. */
export interface PodNetwork {
  readonly name: string;
  readonly addresses: Addresses;
  readonly set: (end: End) => Promise<void>;
  /** Once both ends are set: who the other end is. */
  readonly join: (end: End, otherHardwareAddress: string) => Promise<void>;
  /** Of the overlay, if there is one. */
  readonly link?: string;
}

const endsOf = ({ a, b }: Mesh, { node }: Addresses): [End, End] => [
  { node: a, own: 1, other: 2, ownAddress: node.a, otherAddress: node.b },
  { node: b, own: 2, other: 1, ownAddress: node.b, otherAddress: node.a },
];

/** As Flannel and Calico do: what pods send to other than pods gets the node's address. */
const masquerade = ({ ip, allPods }: Addresses, more = ""): string => `
  table inet cni {
    chain postrouting {
      type nat hook postrouting priority srcnat; policy accept;
      ${ip} saddr ${allPods} ${ip} daddr != ${allPods} masquerade
    }
    ${more}
  }
`;

interface Overlay {
  readonly link: { readonly 4: string; readonly 6: string };
  readonly id: number;
  readonly port: number;
  /** Last byte of the overlay link's own address. */
  readonly last: number;
  /** How pods are routed to the other end. */
  readonly block: keyof Addresses["block"];
}

/** Flannel's and Calico's VXLAN: a link without learning; routes, neighbours and forwarding entries are written. */
function vxlan(name: string, overlay: Overlay, addresses: Addresses, rules = ""): PodNetwork {
  const { id, port, last } = overlay;
  const link = overlay.link[addresses.family];
  return {
    name,
    addresses,
    link,
    set: async ({ node, own, ownAddress }) => {
      const mtu = String(1420 - addresses.vxlanBytes);
      const kind = ["type", "vxlan", "id", String(id), "dstport", String(port), "nolearning"];
      const ends = ["dev", "eth0", "local", ownAddress];
      await node.run("ip", "link", "add", link, "mtu", mtu, ...kind, ...ends);
      await node.address(link, addresses.pod(own, last));
      await node.run("ip", "link", "set", link, "up");
      await node.namespace.nft(masquerade(addresses, rules));
    },
    join: async ({ node, other, otherAddress }, hardwareAddress) => {
      const [end, pods] = [addresses.pod(other, last), addresses.block[overlay.block](other)];
      await node.run("ip", "neigh", "add", end, "lladdr", hardwareAddress, "dev", link, "nud", "permanent");
      await node.run("bridge", "fdb", "append", hardwareAddress, "dev", link, "dst", otherAddress);
      await node.run("ip", "route", "add", pods, "via", end, "dev", link, "onlink");
    },
  };
}

const hostGateway = (addresses: Addresses): PodNetwork => ({
  name: "Flannel host-gw",
  addresses,
  set: ({ node }) => node.namespace.nft(masquerade(addresses)),
  join: async ({ node, other, otherAddress }) => {
    await node.run("ip", "route", "add", addresses.block.flannel(other), "via", otherAddress, "dev", "eth0");
  },
});

/** Calico's policy leaves its verdict in the mark of each packet. */
const calicoMarks = `
    chain calico_prerouting {
      type filter hook prerouting priority mangle; policy accept;
      meta mark set meta mark & 0x0000ffff | 0x00010000
    }
    chain calico_forward {
      type filter hook forward priority filter; policy drop;
      meta mark & 0x00010000 == 0x00010000 accept
    }
`;

const flannel: Overlay = {
  link: { 4: "flannel.1", 6: "flannel-v6.1" },
  id: 1,
  port: 8472,
  last: 0,
  block: "flannel",
};
const calico: Overlay = {
  link: { 4: "vxlan.calico", 6: "vxlan-v6.calico" },
  id: 4096,
  port: 4789,
  last: 60,
  block: "calico",
};

export const flannelVxlan = (addresses: Addresses): PodNetwork => vxlan("Flannel VXLAN", flannel, addresses);

export const podNetworks = (addresses: Addresses): PodNetwork[] => [
  hostGateway(addresses),
  flannelVxlan(addresses),
  vxlan("Calico VXLAN", calico, addresses, calicoMarks),
];

/**
 * Calico's IPIP: one link for all nodes, which the kernel makes with its first tunnel; the node is the next hop. Not every
 * kernel has it, and IPv6 has none.
 */
export const ipip: PodNetwork = {
  name: "Calico IPIP",
  addresses: ipv4,
  set: async ({ node, own }) => {
    await node.namespace.attempt("ip", "tunnel", "add", "tunl0", "mode", "ipip");
    await node.address("tunl0", ipv4.pod(own, calico.last));
    await node.run("ip", "link", "set", "tunl0", "mtu", "1400", "up");
    await node.namespace.nft(masquerade(ipv4, calicoMarks));
  },
  join: async ({ node, other, otherAddress }) => {
    const route = [ipv4.block.calico(other), "via", otherAddress, "dev", "tunl0", "onlink", "proto", "bird"];
    await node.run("ip", "route", "add", ...route);
  },
};

export async function setUp(network: PodNetwork, mesh: Mesh): Promise<void> {
  const ends = endsOf(mesh, network.addresses);
  for (const end of ends) await network.set(end);
  const [first, second] = ends;
  for (const [end, far] of [
    [first, second],
    [second, first],
  ] as const) {
    const { link } = network;
    const address = link === undefined ? "" : await far.node.run("cat", `/sys/class/net/${link}/address`);
    await network.join(end, address.trim());
  }
}

export async function takeDown({ link, addresses }: PodNetwork, mesh: Mesh): Promise<void> {
  for (const { node, other } of endsOf(mesh, addresses)) {
    await node.run("nft", "delete", "table", "inet", "cni");
    if (link === undefined) await node.run("ip", "route", "del", addresses.block.flannel(other));
    else await node.run("ip", "link", "del", link);
  }
}
