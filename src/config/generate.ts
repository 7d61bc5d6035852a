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
# It holds the cluster secret: keep it readable by root only.
apiVersion: v1alpha1
kind: KubeSpanConfig
${enabled ? "" : "# Turn it on once the discovery service below is set.\n"}enabled: ${enabled}
# true: traffic to a node whose tunnel is down leaves outside the mesh, in clear
allowDownPeerBypass: false
# auto: 80 bytes less than that of the links below, 1420 over Ethernet. Say less where the network between has less.
mtu: auto
# filters:
#   endpoints: ["0.0.0.0/0", "!192.168.0.0/16", "::/0"]   # of its addresses, those the node announces; '!' leaves out
#   excludeAdvertisedNetworks: ["192.168.1.0/24"]
`;

const identityDocument = (id: string, secret: string): string => `\
# The same on all nodes. The id is sent to the discovery service, the secret to nobody.
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
  return `# Where nodes find each other. https:// is TLS, http:// is plaintext. Repeat the document for more services.\n${text}`;
}

const daemonDocument = `\
# Everything here may be left out; these are the defaults.
apiVersion: v1alpha1
kind: KubeSpanDaemonConfig
interfaceName: kubespan
listenPort: 51820
wireguard: auto                    # kernel, userspace (wireguard-go), or the first of these that works
connect: auto                      # race all endpoints of a peer at once, try them one by one (serial), or both as it works
# dial: {pin: [], prefer: [], forbid: ["192.168.0.0/16"]}   # networks of peers' endpoints: only, first, never
stateDirectory: /var/lib/kubespan  # keeps the node's identity
runDirectory: /run/kubespan
advertisedPrefixes: []             # networks behind this node, such as its pod network: ["10.244.1.0/24"]
nonPodNetworks: []                 # of the networks that nodes advertise, those that are no pods'
answerOutside: true                # TCP and pings of nodes that came in outside the mesh are answered there
strictIngress: pods                # dropped if it comes in outside the mesh: from or to pods, all of the mesh's, or off
routing: {table: 180, priority: 32500}
marks: {fromWireGuard: 0x20, toWireGuard: 0x40}
widestPrefix: {ipv4: 8, ipv6: 16}  # wider networks are believed of nobody
members:
  forgetAfterMinutes: 1440  # a node that vanished without a farewell is let go after this
  nodeDeletion: auto        # whether a deleted Node is let go at once: auto, believe or ignore
node: {machineType: unknown}       # controlplane or worker; name: Kubernetes' name of the node
# stunServer: stun.example.org:3478   # tells the port that a NAT router gave WireGuard's
kubernetes: {enabled: false}       # the Nodes of Kubernetes as a registry; kubeconfig: /etc/kubespan/kubeconfig
log: {level: info, format: text}
# serviceCAFiles: {primary: /etc/kubespan/ca.pem}
`;
