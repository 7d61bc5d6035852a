import type { Secret } from "../base/index.ts";
import type { Endpoint, Marks, Prefix } from "../net/index.ts";
import type { DialRules } from "./dial.ts";

/** Everything the daemon can be told, validated, with every default filled in. */
export interface Config {
  /** `false` takes the data plane down and keeps the identity. */
  readonly enabled: boolean;
  readonly advertiseKubernetesNetworks: boolean;
  /** `true`: traffic to a peer that is down goes the normal way, in clear. */
  readonly allowDownPeerBypass: boolean;
  readonly harvestExtraEndpoints: boolean;
  /** Bytes, 1280 to 65455; `auto`: what fits into the links below. */
  readonly mtu: number | "auto";
  /** Applied in order to addresses that this node announces; empty lets everything pass. */
  readonly endpointFilters: readonly EndpointFilter[];
  readonly excludeAdvertisedNetworks: readonly Prefix[];
  readonly extraAnnouncedEndpoints: readonly Endpoint[];
  readonly cluster: ClusterIdentity;
  readonly services: readonly ServiceConfig[];
  /** The STUN server that is asked for the mapped address and port of WireGuard's; a DNS name or an address. */
  readonly stun?: { readonly host: string; readonly port: number };
  /** Absent where the nodes of Kubernetes are no registry. */
  readonly kubernetes?: KubernetesConfig;
  readonly interfaceName: string;
  readonly listenPort: number;
  readonly wireguard: WireGuardImplementation;
  readonly advertisedPrefixes: readonly Prefix[];
  /** Among the networks that nodes advertise, this one or others: those that are no pod networks. */
  readonly otherNetworks: readonly Prefix[];
  /** Whether TCP and pings that came in outside the mesh, from an address in it, are answered there. */
  readonly answerOutside: boolean;
  readonly strictIngress: StrictIngress;
  readonly routing: { readonly table: number; readonly priority: number };
  readonly marks: Marks;
  /** Peers that advertise a network with fewer bits than this are not believed (lesson 19). */
  readonly widestPrefix: { readonly ipv4: number; readonly ipv6: number };
  readonly members: MembersConfig;
  readonly node: NodeConfig;
  readonly connect: ConnectMode;
  readonly dial: DialRules;
  readonly stateDirectory: string;
  readonly runDirectory: string;
  readonly log: { readonly level: LogLevel; readonly format: "json" | "text" };
}

export interface ClusterIdentity {
  /** As text, exactly as configured: this is what is hashed and sent. */
  readonly id: string;
  /** 32 bytes: AES key of discovery data and preshared key of every tunnel. */
  readonly secret: Secret;
}

/**
 * `!` excludes. The last rule that contains an address decides; what no rule contains is left out, unless all rules
 * are exclusions.
 */
export interface EndpointFilter {
  readonly prefix: Prefix;
  readonly exclude: boolean;
}

export interface ServiceConfig {
  readonly name: string;
  /** A DNS name in lower case, or an address (IPv6 without brackets). */
  readonly host: string;
  readonly port: number;
  /** `false` only where the configuration says `http://`. */
  readonly tls: boolean;
  /** PEM file with the authorities to trust instead of the system's. */
  readonly caFile?: string;
}

/** How the Kubernetes API is reached. */
export interface KubernetesConfig {
  /** Path of the file; without one, as in a pod. */
  readonly kubeconfig?: string;
}

/** When members that vanished without a farewell are let go. */
interface MembersConfig {
  /** Of a member that no registry names and that is not connected. */
  readonly forgetAfterMinutes: number;
  /** Whether a Node that Kubernetes deletes is let go at once, unless it is connected; `auto`: where it is the only registry. */
  readonly nodeDeletion: "auto" | "believe" | "ignore";
}

export interface NodeConfig {
  /** Kubernetes node name; the host name where none is configured. */
  readonly name?: string;
  readonly machineType: MachineType;
  readonly apiServerPort?: number;
}

/**
 * What is dropped that arrives outside the mesh, from a network of a peer that is up, for a network of this node:
 * - `pods`: what comes from pods, or is for pods
 * - `all`: also what goes from node to node
 * - `off`: nothing
 */
export type StrictIngress = "pods" | "all" | "off";

export type MachineType = "controlplane" | "worker" | "unknown";

/**
 * How a peer that is not connected is reached:
 * - `race`: all its endpoints at once, with WireGuard's handshake from user space
 * - `serial`: one after the other
 * - `auto`: raced, and serially where racing does not work
 */
type ConnectMode = "auto" | "race" | "serial";

type WireGuardImplementation = "auto" | "kernel" | "userspace";
export type LogLevel = "fatal" | "error" | "warn" | "info" | "debug" | "trace";
