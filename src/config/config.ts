import type { Secret } from "../base/index.ts";
import type { Address, Endpoint, HostPort, Marks, Prefix } from "../net/index.ts";
import type { DialRules } from "./dial.ts";
import type { EndpointFilter } from "./endpoint-filter.ts";
import type { Proxies } from "./proxy.ts";
import type { SecretChanged } from "./secret-stage.ts";
import type { ServiceLocation } from "./service-url.ts";

/** The complete, validated configuration of the daemon, with all defaults filled in. */
export interface Config {
  /** `false` takes the mesh down and keeps the identity. */
  readonly enabled: boolean;
  readonly advertiseKubernetesNetworks: boolean;
  /** `true` lets traffic to a peer that is down leave outside the mesh, in clear. */
  readonly allowDownPeerBypass: boolean;
  readonly harvestExtraEndpoints: boolean;
  /** The MTU of the link in bytes, 1280 to 65455. `auto` derives it from the node's other links. */
  readonly mtu: number | "auto";
  /**
   * The filters that apply, in order, to the addresses that this node announces. Without filters all addresses pass.
   */
  readonly endpointFilters: readonly EndpointFilter[];
  readonly excludeAdvertisedNetworks: readonly Prefix[];
  readonly extraAnnouncedEndpoints: readonly Endpoint[];
  /** The further endpoints that are given by a host name, which may lead to another address at any time. */
  readonly extraAnnouncedNames: readonly HostPort[];
  readonly cluster: ClusterIdentity;
  readonly services: readonly ServiceConfig[];
  /** Absent if nodes tell each other of no services. */
  readonly discovery?: DiscoveryConfig;
  /**
   * The STUN server that tells at which address and port WireGuard is seen from outside; `host` is a DNS name or an
   * address.
   */
  readonly stun?: { readonly host: string; readonly port: number };
  /** Absent when Kubernetes is not a registry. */
  readonly kubernetes?: KubernetesConfig;
  readonly interfaceName: string;
  readonly listenPort: number;
  readonly wireguard: WireGuardImplementation;
  /** The longest interval in seconds between two packets to a peer, with which a NAT on the way keeps the path open. */
  readonly keepalive: number;
  readonly advertisedPrefixes: readonly Prefix[];
  /** The networks, advertised by this node or by others, that are not pod networks. */
  readonly otherNetworks: readonly Prefix[];
  /** The networks and addresses of machines that are no members, which no peer gets. */
  readonly localNetworks: readonly Prefix[];
  /** Whether a machine on a link of this node that answers for a private address of a peer elsewhere gets what is sent there, in clear. */
  readonly allowLocalMachineBypass: boolean;
  /** Whether TCP and pings from an address in the mesh that arrive outside the mesh are answered outside. */
  readonly answerOutside: boolean;
  readonly strictIngress: StrictIngress;
  /** Whether the router of the default route is asked to lead a port here. */
  readonly portMapping: boolean;
  /** Whether ports of the NAT of a relayed peer are tried. */
  readonly portGuessing: boolean;
  /** Whether this node asks other members whom they reach, and answers when they ask. */
  readonly matrix: boolean;
  /** Whether the largest packet that passes is found for each peer, and its networks get routes with that MTU. */
  readonly pathMTU: boolean;
  readonly registriesOutside: RegistriesOutside;
  readonly podNetworks: PodNetworksConfig;
  readonly routing: { readonly table: number; readonly priority: number };
  readonly marks: Marks;
  /**
   * The shortest prefixes that peers may claim, in bits. Wider claims are refused, because one peer could attract all
   * traffic.
   */
  readonly widestPrefix: { readonly ipv4: number; readonly ipv6: number };
  readonly members: MembersConfig;
  /** The public keys, in base64, of the operators whose evictions this node obeys; absent if there are none. */
  readonly operatorKeys?: readonly string[];
  readonly node: NodeConfig;
  readonly connect: ConnectMode;
  readonly dial: DialRules;
  readonly relay: RelayConfig;
  /** Absent if no metrics are served. */
  readonly metrics?: MetricsConfig;
  readonly stateDirectory: string;
  readonly runDirectory: string;
  /** The group that may ask the daemon, too; absent for none. */
  readonly socketGroup?: string;
  readonly log: {
    readonly level: LogLevel;
    readonly format: "json" | "text";
    /** The places that get each line over the network, too. */
    readonly destinations: readonly LogDestination[];
  };
}

export interface ClusterIdentity {
  /** The text of the configuration, unchanged, because its exact form is hashed and sent. */
  readonly id: string;
  /** The 32-byte secret, which is the AES key of discovery data and the preshared key of every tunnel. */
  readonly secret: Secret;
  /** Other secrets with which members may have sealed what they say, while the secret is changed; absent for none. */
  readonly accepted?: readonly Secret[];
  /** The change by a command of which these secrets come, in place of the file's; absent where the file counts. */
  readonly change?: SecretChanged;
}

export interface ServiceConfig {
  readonly name: string;
  /** A DNS name in lower case, or an address (IPv6 without brackets). */
  readonly host: string;
  readonly port: number;
  /** `false` only where the configuration says `http://`. */
  readonly tls: boolean;
  /** The path of a PEM file with the authorities to trust instead of the system's. */
  readonly caFile?: string;
  /** The proxies through which the service may have to be reached; absent if there are none. */
  readonly proxies?: Proxies;
}

/** The discovery services on the nodes of the mesh, of which nodes tell each other. */
interface DiscoveryConfig {
  /** The service on this node; absent if there is none. */
  readonly announce?: ServiceLocation;
  /**
   * The path of a PEM file with the authority of the cluster. Without it, no service is asked that only other nodes
   * name.
   */
  readonly authority?: string;
}

/** The access to the Kubernetes API. */
export interface KubernetesConfig {
  /** The path of the kubeconfig; absent for the service account of a pod. */
  readonly kubeconfig?: string;
  /** The API servers that programs of this node use, besides the one that this daemon uses; absent if there are none. */
  readonly apiServers?: readonly ServiceLocation[];
  /** The proxies through which the API may have to be reached; absent if there are none. */
  readonly proxies?: Proxies;
}

/** The treatment of pod networks. */
interface PodNetworksConfig {
  /** Whether the peers' pod networks are also routes of the main table, where programs look that pass rules and marks by. */
  readonly mainTable: boolean;
  /**
   * The pod networks that `advertiseKubernetesNetworks` advertises:
   * - `kubernetes`: the podCIDRs of the Node
   * - `node`: the blocks from which the CNI gives addresses on this node, as far as they are found; else the podCIDRs
   */
  readonly source: "kubernetes" | "node";
}

/** The conditions under which members that vanished without a farewell are let go. */
interface MembersConfig {
  /** The time after which a member that no registry names and that is not connected is let go. */
  readonly forgetAfterMinutes: number;
  /**
   * Whether a Node that Kubernetes deletes is let go at once, unless it is connected. `auto` does so if Kubernetes is
   * the only registry.
   */
  readonly nodeDeletion: "auto" | "believe" | "ignore";
}

/** What this node does for members that no direct path joins, and what it lets others do for it (ADR 0022). */
export interface RelayConfig {
  /** Whether it passes packets on between others. `auto`: once it is proven that others reach it from outside. */
  readonly serve: "auto" | boolean;
  /** Whether others may pass on its own packets, which they cannot read. */
  readonly use: boolean;
  /** Whether a discovery service may carry its packets where no UDP passes (ADR 0024). */
  readonly service: boolean;
  /** The most pairs of members at a time for which it does so. */
  readonly maxPairs: number;
  /** The most bytes a second that it passes on, for all pairs together and in all directions. */
  readonly maxBytesPerSecond: number;
}

/** The metrics of this daemon, and the page, over HTTP. */
export interface MetricsConfig {
  readonly listen: HostPort;
  /** Whether there are series for each peer, besides those for all together. */
  readonly peers: boolean;
  /** Whether the page for browsers is served beside the metrics. */
  readonly page: boolean;
  /** The names of this node by which browsers and scrapers may ask, besides its host name. */
  readonly names: readonly string[];
}

export interface NodeConfig {
  /** The name of the Node in Kubernetes; absent for the host name. */
  readonly name?: string;
  readonly machineType: MachineType;
  readonly apiServerPort?: number;
}

/**
 * The connections that are dropped when they arrive outside the mesh, from a network of a connected peer, for a network
 * of this node:
 * - `pods`: those from or to pods
 * - `all`: those between nodes as well
 * - `off`: none
 */
export type StrictIngress = "pods" | "all" | "off";

/**
 * The registries to which connections leave outside the mesh while the member on which they live is not connected:
 * - `tls`: those that are asked over TLS
 * - `all`: those that are asked in plaintext as well
 * - `off`: none
 */
type RegistriesOutside = "tls" | "all" | "off";

export type MachineType = "controlplane" | "worker" | "unknown";

/**
 * The way in which a peer that is not connected is reached:
 * - `race`: all its endpoints at once, with WireGuard's handshake from user space
 * - `serial`: one endpoint after the other
 * - `auto`: by races, and serially where racing does not work
 */
type ConnectMode = "auto" | "race" | "serial";

type WireGuardImplementation = "auto" | "kernel" | "userspace";
/** A place that takes lines of the log. */
export interface LogDestination {
  readonly protocol: "tcp" | "udp";
  readonly host: Address;
  readonly port: number;
}

/** The levels of the log, from the fewest lines to the most. */
export const logLevels = ["fatal", "error", "warn", "info", "debug", "trace"] as const;

export type LogLevel = (typeof logLevels)[number];
