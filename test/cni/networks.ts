import type { LabNode } from "../../lab/index.ts";
import { nodeAddress } from "./mesh.ts";

/** One end of a pod network: its node, the third byte of its pods' network, and the same of the other end. */
interface End {
  readonly node: LabNode;
  readonly own: number;
  readonly other: number;
  readonly otherAddress: string;
}

/** A CNI's way from the pods of one node to those of another. */
export interface PodNetwork {
  readonly name: string;
  readonly set: (end: End) => Promise<void>;
  /** Once both ends are set: who the other end is. */
  readonly join: (end: End, otherHardwareAddress: string) => Promise<void>;
  /** Of the overlay, if there is one. */
  readonly link?: string;
}

export const endsOf = (a: LabNode, b: LabNode): [End, End] => [
  { node: a, own: 1, other: 2, otherAddress: nodeAddress.b },
  { node: b, own: 2, other: 1, otherAddress: nodeAddress.a },
];

/** As Flannel and Calico do: what pods send to other than pods gets the node's address. */
const masquerade = (more = ""): string => `
  table inet cni {
    chain postrouting {
      type nat hook postrouting priority srcnat; policy accept;
      ip saddr 10.244.0.0/16 ip daddr != 10.244.0.0/16 masquerade
    }
    ${more}
  }
`;

interface Overlay {
  readonly link: string;
  readonly id: number;
  readonly port: number;
  /** Last byte of the overlay link's own address, and the size of the block of pods that is routed to it. */
  readonly host: number;
  readonly bits: number;
}

/** Flannel's and Calico's VXLAN: a link without learning; routes, neighbours and forwarding entries are written. */
function vxlan(name: string, { link, id, port, host, bits }: Overlay, rules = ""): PodNetwork {
  return {
    name,
    link,
    set: async ({ node, own }) => {
      const local = own === 1 ? nodeAddress.a : nodeAddress.b;
      const type = [
        "type",
        "vxlan",
        "id",
        String(id),
        "dev",
        "eth0",
        "local",
        local,
        "dstport",
        String(port),
      ];
      await node.run("ip", "link", "add", link, "mtu", "1370", ...type, "nolearning");
      await node.run("ip", "address", "add", `10.244.${own}.${host}/32`, "dev", link);
      await node.run("ip", "link", "set", link, "up");
      await node.namespace.nft(masquerade(rules));
    },
    join: async ({ node, other, otherAddress }, hardwareAddress) => {
      const end = `10.244.${other}.${host}`;
      await node.run("ip", "neigh", "add", end, "lladdr", hardwareAddress, "dev", link, "nud", "permanent");
      await node.run("bridge", "fdb", "append", hardwareAddress, "dev", link, "dst", otherAddress);
      await node.run("ip", "route", "add", `10.244.${other}.0/${bits}`, "via", end, "dev", link, "onlink");
    },
  };
}

const hostGateway: PodNetwork = {
  name: "Flannel host-gw",
  set: ({ node }) => node.namespace.nft(masquerade()),
  join: async ({ node, other, otherAddress }) => {
    await node.run("ip", "route", "add", `10.244.${other}.0/24`, "via", otherAddress, "dev", "eth0");
  },
};

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

const flannel = { link: "flannel.1", id: 1, port: 8472, host: 0, bits: 24 };
const calico = { link: "vxlan.calico", id: 4096, port: 4789, host: 60, bits: 26 };

export const podNetworks: readonly PodNetwork[] = [
  hostGateway,
  vxlan("Flannel VXLAN", flannel),
  vxlan("Calico VXLAN", calico, calicoMarks),
];

/**
 * Calico's IPIP: one link for all nodes, which the kernel makes with its first tunnel; the node is the next hop. Not every
 * kernel has it.
 */
export const ipip: PodNetwork = {
  name: "Calico IPIP",
  set: async ({ node, own }) => {
    await node.namespace.attempt("ip", "tunnel", "add", "tunl0", "mode", "ipip");
    await node.run("ip", "address", "add", `10.244.${own}.60/32`, "dev", "tunl0");
    await node.run("ip", "link", "set", "tunl0", "mtu", "1400", "up");
    await node.namespace.nft(masquerade(calicoMarks));
  },
  join: async ({ node, other, otherAddress }) => {
    const route = [`10.244.${other}.0/26`, "via", otherAddress, "dev", "tunl0", "onlink", "proto", "bird"];
    await node.run("ip", "route", "add", ...route);
  },
};

export async function setUp(network: PodNetwork, ends: readonly [End, End]): Promise<void> {
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

export async function takeDown(network: PodNetwork, ends: readonly [End, End]): Promise<void> {
  for (const { node, other } of ends) {
    await node.run("nft", "delete", "table", "inet", "cni");
    if (network.link === undefined) await node.run("ip", "route", "del", `10.244.${other}.0/24`);
    else await node.run("ip", "link", "del", network.link);
  }
}
