/** The input of a new configuration. */
export interface NewConfig {
  /** Gives `count` unpredictable bytes. */
  readonly random: (count: number) => Uint8Array;
  /** The URL of the discovery service, as `parseServiceURL` reads it. Without one the mesh is disabled. */
  readonly serviceURL?: string;
  /** The id and the secret, as text, of an existing cluster to join. Without them a new cluster is made. */
  readonly cluster?: { readonly id: string; readonly secret: string };
}

/**
 * The text of a configuration file with comments. It holds the cluster secret, and `parseConfig` accepts it. The alphabets
 * of id and secret (URL-safe, standard) are those that Talos uses, so that both also fit a Talos machine configuration.
 */
export function generateConfig({ random, serviceURL, cluster }: NewConfig): string {
  const id = cluster?.id ?? Buffer.from(random(32)).toString("base64url").padEnd(44, "=");
  const secret = cluster?.secret ?? Buffer.from(random(32)).toString("base64");
  return [
    kubespanDocument(serviceURL !== undefined),
    identityDocument(id, secret),
    serviceDocument(serviceURL),
    daemonDocument,
  ].join("---\n");
}

const kubespanDocument = (enabled: boolean): string => `\
# Configuration of kubespan. Check it after a change with: kubespan validate FILE
# It holds the cluster secret: keep it readable by root, or by the user of the service, only.
apiVersion: v1alpha1
kind: KubeSpanConfig
${enabled ? "" : "# Turn it on once the discovery service below is set.\n"}enabled: ${enabled}
# true: traffic to a node whose tunnel is down leaves outside the mesh, in clear
allowDownPeerBypass: false
# auto: 80 bytes less than the MTU of the node's own links, 1420 over Ethernet. Set less if the network between has less.
mtu: auto
# true: this node publishes the addresses at which it sees its peers, unless they announce them themselves
harvestExtraEndpoints: true
# true: this node announces the pod networks that Kubernetes gave it; needs kubernetes.enabled below
advertiseKubernetesNetworks: false
# filters:
#   endpoints: ["0.0.0.0/0", "!192.168.0.0/16", "::/0"]   # of its addresses, those the node announces; '!' leaves out
#   excludeAdvertisedNetworks: ["192.168.1.0/24"]          # networks that are never sent to this node through the mesh
---
# Further endpoints at which this node can be reached, such as a forwarded port of its router, or a name of DynDNS.
# apiVersion: v1alpha1
# kind: KubeSpanEndpointsConfig
# extraAnnouncedEndpoints: ["198.51.100.1:51820", "home.example.org:51820"]
`;

const identityDocument = (id: string, secret: string): string => `\
# All nodes of the cluster have the same id and secret. The id is sent to the discovery service, the secret never leaves.
apiVersion: v1alpha1
kind: DiscoveryIdentityConfig
clusterID: ${id}
clusterSecret: ${secret}
`;

/** The document of the service. Without a URL it consists of comments only, and an empty document is ignored. */
function serviceDocument(url: string | undefined): string {
  const lines = [
    "apiVersion: v1alpha1",
    "kind: DiscoveryServiceConfig",
    "name: primary",
    `endpoint: ${url ?? "https://discovery.example.org/"}`,
  ];
  const text = lines.map((line) => `${url === undefined ? "# " : ""}${line}\n`).join("");
  return `# The service through which nodes find each other. https:// is TLS, http:// is plaintext. Repeat the document for more services.\n${text}`;
}

const daemonDocument = `\
# Everything here may be left out; these are the defaults.
apiVersion: v1alpha1
kind: KubeSpanDaemonConfig
interfaceName: kubespan
listenPort: 51820
wireguard: auto                    # kernel, userspace (wireguard-go), or the first of these that works
connect: auto                      # race (all endpoints of a peer at once), serial (one by one), or race with serial as a fallback
# dial: {pin: [], prefer: [], forbid: ["192.168.0.0/16"]}   # networks of peers' endpoints: only, first, never
stateDirectory: /var/lib/kubespan  # keeps the node's identity
runDirectory: /run/kubespan
advertisedPrefixes: []             # networks behind this node, such as its pod network: ["10.244.1.0/24"]
nonPodNetworks: []                 # advertised networks, of any node, that are not pod networks
answerOutside: true                # answer TCP and pings of nodes that arrive outside the mesh outside it
strictIngress: pods                # connections to drop that arrive outside the mesh: pods, all, or off
routing: {table: 180, priority: 32500}
marks: {fromWireGuard: 0x20, toWireGuard: 0x40}
widestPrefix: {ipv4: 8, ipv6: 16}  # wider networks are not accepted from any peer
members:
  forgetAfterMinutes: 1440  # time after which a node that vanished is let go
  nodeDeletion: auto        # what a deletion of a Node in Kubernetes counts: auto, believe or ignore
node: {machineType: unknown}       # or controlplane, worker; further keys: name (of the Node), apiServerPort
# stunServer: stun.example.org:3478   # tells the port that a NAT gave to WireGuard
kubernetes: {enabled: false}       # true: the Nodes of Kubernetes are a registry; further key: kubeconfig
# proxy: {url: "http://user:password@proxy.example.org:3128", except: ["10.0.0.0/8", "*.example.org"]}   # to the registries; none: no proxy
log: {level: info, format: text}
# serviceCAFiles: {primary: /etc/kubespan/ca.pem}   # authorities to trust, by name of the service
`;
