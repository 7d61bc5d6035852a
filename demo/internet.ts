import { type Cluster, Discovery, type Lab, type LabNode, type Network, newCluster } from "../lab/index.ts";

/** A node of the demo's mesh, with a pod behind it. */
export interface Member {
  readonly node: LabNode;
  /** The address of the node itself, which is private behind a NAT. */
  readonly address: string;
  readonly pod: LabNode;
  readonly podNetwork: string;
  readonly podAddress: string;
  /**
   * The listen port. Neighbours behind one NAT need different ones, because the NAT can keep a port for one of them
   * only.
   */
  readonly listenPort: number;
}

export interface Internet {
  readonly lab: Lab;
  readonly network: Network;
  /** The network in which home-a and home-b are neighbours. */
  readonly home: Network;
  readonly members: readonly Member[];
  /** A host that is not part of the mesh. */
  readonly outside: LabNode;
  readonly cluster: Cluster;
  readonly discovery: Discovery;
  /** The certificate of the discovery service, for nodes that are to trust it. */
  readonly certificate: string;
}

export const picture = `\
    internet 203.0.113.0/24
  ──┬──────────────────┬──────────────────┬──────────────────┬──
    │ .10              │ .1               │ .2               │ .99
  cloud              NAT 1              NAT 2             outside
  with the             │ 192.168.1.0/24   │ 192.168.1.0/24   takes no part
  discovery service  office .11           ├─ home-a .21
                                          └─ home-b .22, port 51821

  pods: cloud 10.244.1.2, office 10.244.2.2, home-a 10.244.3.2, home-b 10.244.4.2
`;

/** The MTU of pods in bytes, as a CNI has to set it: what the tunnel leaves of the 1500 of the wire. */
const podMTU = 1420;

const cloudAddress = "203.0.113.10";
export const outsideAddress = "203.0.113.99";
/** The public address of the office. */
export const officeNAT = "203.0.113.1";

export async function buildInternet(lab: Lab): Promise<Internet> {
  const network = await lab.network("internet");
  const office = await site(lab, network, "office", officeNAT);
  const home = await site(lab, network, "home", "203.0.113.2");
  const members = [
    // The node needs a default route, as any host on the internet has one, although no other host is there.
    await member(lab, 1, "cloud", network, cloudAddress, "203.0.113.254"),
    await member(lab, 2, "office", office, "192.168.1.11", "192.168.1.1"),
    await member(lab, 3, "home-a", home, "192.168.1.21", "192.168.1.1"),
    await member(lab, 4, "home-b", home, "192.168.1.22", "192.168.1.1", 51821),
  ];
  const outside = await lab.node("outside");
  await outside.attach(network, `${outsideAddress}/24`);
  const [cloud] = members as [Member, ...Member[]];
  const keys = { cert: "/run/discovery.pem", key: "/run/discovery.key" };
  await makeCertificate(cloud.node, keys);
  return {
    lab,
    network,
    home,
    members,
    outside,
    cluster: newCluster(),
    discovery: new Discovery(cloud.node, cloudAddress, { tls: keys }),
    certificate: cloud.node.namespace.read(keys.cert),
  };
}

/** A private network behind a router that keeps ports where it can. All sites use the same range. */
async function site(lab: Lab, internet: Network, name: string, publicAddress: string): Promise<Network> {
  const network = await lab.network(name);
  const router = await lab.router(`${name}-nat`);
  await router.attach(internet, `${publicAddress}/24`);
  await router.attach(network, "192.168.1.1/24");
  await router.translate();
  return network;
}

async function member(
  lab: Lab,
  index: number,
  name: string,
  network: Network,
  address: string,
  gateway: string,
  listenPort = 51820,
): Promise<Member> {
  const node = await lab.node(name);
  await node.attach(network, `${address}/24`);
  await node.defaultRoute(gateway);
  const pod = await node.pod(index);
  await node.run("ip", "link", "set", "cni0", "mtu", String(podMTU));
  await pod.run("ip", "link", "set", "eth0", "mtu", String(podMTU));
  const podNetwork = `10.244.${index}.0/24`;
  await node.namespace.nft(hidePods(podNetwork));
  return { node, address, pod, podNetwork, podAddress: `10.244.${index}.2`, listenPort };
}

/** The rules of a CNI plug-in: a pod that talks to hosts outside the cluster does so with the node's address. */
const hidePods = (network: string): string => `table ip cni {
  chain postrouting {
    type nat hook postrouting priority srcnat;
    ip saddr ${network} oifname "eth0" masquerade
  }
}`;

async function makeCertificate(node: LabNode, { cert, key }: { cert: string; key: string }): Promise<void> {
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"];
  const subject = ["-subj", "/CN=discovery", "-addext", `subjectAltName=IP:${cloudAddress}`];
  await node.run("openssl", "req", "-x509", ...curve, "-keyout", key, "-out", cert, "-days", "1", ...subject);
}
