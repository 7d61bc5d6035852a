import type { Config, MachineType } from "./config.ts";
import type { EndpointFilter } from "./endpoint-filter.ts";

/** What a KubeSpanConfig says, apart from whether the mesh is on. */
export type KubespanSettings = Pick<
  Config,
  | "extraAnnouncedEndpoints"
  | "advertiseKubernetesNetworks"
  | "allowDownPeerBypass"
  | "harvestExtraEndpoints"
  | "mtu"
  | "endpointFilters"
  | "excludeAdvertisedNetworks"
> & {
  readonly dial: Pick<Config["dial"], "filters">;
  readonly node: Pick<Config["node"], "machineType">;
};

const usual: KubespanSettings = {
  advertiseKubernetesNetworks: false,
  allowDownPeerBypass: false,
  harvestExtraEndpoints: true,
  mtu: "auto",
  endpointFilters: [],
  excludeAdvertisedNetworks: [],
  dial: { filters: [] },
  extraAnnouncedEndpoints: [],
  node: { machineType: "unknown" },
};

/** A discovery service of a new configuration. */
export interface NewService {
  readonly name: string;
  /** The URL, as `parseServiceURL` reads it. */
  readonly url: string;
  /** The file with the authorities to trust instead of the system's. */
  readonly caFile?: string;
}

/** The input of a new configuration. */
export interface NewConfig {
  /** Gives `count` unpredictable bytes. */
  readonly random: (count: number) => Uint8Array;
  /** The discovery services. Without one the mesh is disabled. */
  readonly services?: readonly NewService[];
  /** The id and the secret, as text, of an existing cluster to join. Without them a new cluster is made. */
  readonly cluster?: { readonly id: string; readonly secret: string };
  /** The settings of the mesh; without them they are the defaults. */
  readonly settings?: KubespanSettings;
  readonly machineType?: MachineType;
  /** The discovery services on nodes, of which nodes tell each other. */
  readonly discovery?: {
    /** The URL of the one on this node. */
    readonly announce?: string;
    readonly authority: string;
  };
  /** The public keys, in base64, of the operators who may evict nodes. */
  readonly operatorKeys?: readonly string[];
  /** Whether the mesh is to be on, once there is a discovery service. */
  readonly enabled?: boolean;
}

/**
 * The text of a configuration file with comments. It holds the cluster secret, and `parseConfig` accepts it. Id and
 * secret are in the alphabet of Talos 1.13 and later, and what its documents would refuse is left out, so that all kinds but
 * the last also fit a Talos machine configuration.
 */
export function generateConfig({
  random,
  services = [],
  cluster,
  settings = usual,
  machineType = settings.node.machineType,
  discovery,
  operatorKeys = [],
  enabled = true,
}: NewConfig): string {
  const id = cluster?.id ?? Buffer.from(random(32)).toString("base64");
  const secret = cluster?.secret ?? Buffer.from(random(32)).toString("base64");
  return [
    kubespanDocument({ enabled: enabled && services.length > 0, isServed: services.length > 0 }, settings),
    identityDocument(id, secret),
    ...(services.length > 0 ? services : [undefined]).map(serviceDocument),
    withDiscovery(withAuthorities(daemonDocument, services), discovery)
      .replace("{machineType: unknown}", `{machineType: ${machineType}}`)
      .replace(/^# operatorKeys: .*? {3}/m, (example) =>
        operatorKeys.length > 0 ? `operatorKeys: ${JSON.stringify(operatorKeys)}   ` : example,
      ),
  ].join("---\n");
}

const kubespanDocument = (
  { enabled, isServed }: { readonly enabled: boolean; readonly isServed: boolean },
  settings: KubespanSettings,
): string => `\
# Configuration of kubespan. Check it after a change with: kubespan validate FILE
# It holds the cluster secret: keep it readable by root, or by the user of the service, only.
apiVersion: v1alpha1
kind: KubeSpanConfig
${isServed ? "" : "# Turn it on once the discovery service below is set.\n"}enabled: ${enabled}
# true: traffic to a node whose tunnel is down leaves outside the mesh, in clear
allowDownPeerBypass: ${settings.allowDownPeerBypass}
# By default 80 bytes less than the MTU of the node's own links, 1420 over Ethernet. Set less if the network between has less.
${settings.mtu === "auto" ? "# mtu: 1420" : `mtu: ${settings.mtu}`}
# true: this node publishes the addresses at which it sees its peers, unless they announce them themselves
harvestExtraEndpoints: ${settings.harvestExtraEndpoints}
# true: this node announces the pod networks that Kubernetes gave it; needs kubernetes.enabled below
advertiseKubernetesNetworks: ${settings.advertiseKubernetesNetworks}
${filtersText(settings)}---
# Further endpoints at which this node can be reached, such as a forwarded port of its router, or a name of DynDNS.
${endpointsText(settings)}`;

/** An example in comments, which Talos would take without the name, or the endpoints that are set. */
function endpointsText({ extraAnnouncedEndpoints: endpoints }: KubespanSettings): string {
  const isSet = endpoints.length > 0;
  const shown = isSet ? endpoints : ["198.51.100.1:51820", "home.example.org:51820"];
  const lines = [
    "apiVersion: v1alpha1",
    "kind: KubeSpanEndpointsConfig",
    `extraAnnouncedEndpoints: ${JSON.stringify(shown)}`,
  ];
  return lines.map((line) => `${isSet ? "" : "# "}${line}\n`).join("");
}

const listText = (filters: readonly EndpointFilter[]): string =>
  JSON.stringify(filters.map(({ prefix, exclude }) => `${exclude ? "!" : ""}${prefix}`));

/** Examples in comments, or the filters that are set. */
function filtersText({
  endpointFilters,
  dial,
  excludeAdvertisedNetworks: excluded,
}: KubespanSettings): string {
  const isSet = endpointFilters.length + dial.filters.length + excluded.length > 0;
  return isSet
    ? [
        "filters:",
        ...(endpointFilters.length > 0 ? [`  endpoints: ${listText(endpointFilters)}`] : []),
        ...(dial.filters.length > 0 ? [`  peerEndpoints: ${listText(dial.filters)}`] : []),
        ...(excluded.length > 0 ? [`  excludeAdvertisedNetworks: ${JSON.stringify(excluded)}`] : []),
        "",
      ].join("\n")
    : `\
# filters:
#   endpoints: ["0.0.0.0/0", "!192.168.0.0/16", "::/0"]   # of its addresses, those the node announces; '!' leaves out
#   peerEndpoints: ["0.0.0.0/0", "!10.0.0.0/8", "::/0"]   # of the endpoints of peers, those that are dialled
#   excludeAdvertisedNetworks: ["192.168.1.0/24"]          # networks that are never sent to this node through the mesh
`;
}

const identityDocument = (id: string, secret: string): string => `\
# All nodes of the cluster have the same id and secret. The id is sent to the discovery service, the secret never leaves.
apiVersion: v1alpha1
kind: DiscoveryIdentityConfig
clusterID: ${/^[A-Za-z0-9+/_-]{16,}=*$/.test(id) ? id : JSON.stringify(id)}
clusterSecret: ${secret}
`;

/** The document of a service. Without one it consists of comments only, and an empty document is ignored. */
function serviceDocument(service: NewService | undefined): string {
  const { name, url } = service ?? { name: "primary", url: "https://discovery.example.org/" };
  const lines = [
    "apiVersion: v1alpha1",
    "kind: DiscoveryServiceConfig",
    `name: ${plainOrQuoted(name)}`,
    `endpoint: ${url}`,
  ];
  const text = lines.map((line) => `${service === undefined ? "# " : ""}${line}\n`).join("");
  return `# The service through which nodes find each other. https:// is TLS, http:// is plaintext. Repeat the document for more services.\n${text}`;
}

const plainOrQuoted = (text: string): string => (/^[a-z]\w*$/.test(text) ? text : JSON.stringify(text));

/** The document with the authorities of the services, if they have any, in place of the example. */
function withAuthorities(document: string, services: readonly NewService[]): string {
  const files = services.flatMap(({ name, caFile }) => (caFile === undefined ? [] : [[name, caFile]]));
  if (files.length === 0) return document;
  const lines = files.map(([name = "", file = ""]) => `  ${plainOrQuoted(name)}: ${plainOrQuoted(file)}\n`);
  const text = `serviceCAFiles:   # authorities to trust, by name of the service\n${lines.join("")}`;
  return document.replace(/^# serviceCAFiles: .*\n/m, () => text);
}

/** The document with the discovery services on nodes in place of the example. */
function withDiscovery(document: string, discovery: NewConfig["discovery"]): string {
  if (!discovery) return document;
  const { announce, authority } = discovery;
  const lines = [
    "discovery:   # the services on nodes, of which nodes tell each other",
    ...(announce === undefined ? [] : [`  announce: ${announce}`]),
    `  authority: ${plainOrQuoted(authority)}`,
    "",
  ];
  return document.replace(/^# discovery: .*\n/m, () => lines.join("\n"));
}

const daemonDocument = `\
# Everything here may be left out; these are the defaults.
apiVersion: v1alpha1
kind: KubeSpanDaemonConfig
interfaceName: kubespan
listenPort: 51820
wireguard: auto                    # kernel, userspace (wireguard-go), or the first of these that works
keepalive: 25                      # seconds, 5 to 25: the longest pause between packets to a peer; less where NATs forget sooner
connect: auto                      # race (all endpoints of a peer at once), serial (one by one), or race with serial as a fallback
# dial: {pin: [], prefer: [], forbid: ["192.168.0.0/16"]}   # networks of peers' endpoints: only, first, never
stateDirectory: /var/lib/kubespan  # keeps the node's identity
runDirectory: /run/kubespan
advertisedPrefixes: []             # networks behind this node, such as its pod network: ["10.244.1.0/24"]
nonPodNetworks: []                 # advertised networks, of any node, that are not pod networks
localNetworks: []                  # machines around that no peer gets, in clear: ["192.168.1.10/32"]
allowLocalMachineBypass: false     # leave a peer's private address to a machine around that answers for it, in clear
answerOutside: true                # answer TCP and pings of nodes that arrive outside the mesh outside it
strictIngress: pods                # connections to drop that arrive outside the mesh: pods, all, or off
portMapping: true                  # have the router lead a port to this node, by PCP, NAT-PMP or UPnP
portGuessing: true                 # try ports of a relayed peer's NAT, to reach it directly
matrix: true                       # tell other members whom this node reaches, when they ask
pathMTU: true                      # find the largest packets that pass to each peer, and route with that MTU
registriesOutside: tls             # registries on a node that is not connected are met outside: tls, all, or off
routing: {table: 180, priority: 32500}
marks: {fromWireGuard: 0x20, toWireGuard: 0x40}
widestPrefix: {ipv4: 8, ipv6: 16}  # wider networks are not accepted from any peer
members:
  forgetAfterMinutes: 1440  # time after which a node that vanished is let go
  nodeDeletion: auto        # whether a Node that Kubernetes deletes is let go at once: auto, believe or ignore
# operatorKeys: []                  # who may evict nodes, as 'kubespan gen operator-key' prints
node: {machineType: unknown}       # or controlplane, worker; further keys: name (of the Node), apiServerPort
relay: {serve: auto, use: true, service: true, maxPairs: 1000, maxBytesPerSecond: 12500000}   # passing packets on between nodes that no direct path joins
# stunServer: stun.example.org:3478   # tells the port that a NAT gave to WireGuard
kubernetes: {enabled: false}       # true: the Nodes of Kubernetes are a registry; further keys: kubeconfig, apiServers
# proxy: {url: "http://user:password@proxy.example.org:3128", except: ["10.0.0.0/8", "*.example.org"]}   # to the registries; none: no proxy
# metrics: {listen: "127.0.0.1:9586", peers: true, page: true}   # metrics for Prometheus, and a page for browsers
log: {level: info, format: text}
# discovery: {announce: "https://192.0.2.1:3000/", authority: /etc/kubespan/ca.pem}   # services on nodes, told to each other
# serviceCAFiles: {primary: /etc/kubespan/ca.pem}   # authorities to trust, by name of the service
`;
