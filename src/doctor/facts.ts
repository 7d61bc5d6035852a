import type { CniFacts } from "../cni/index.ts";
import type { Block, Interference, Warning } from "../marks/index.ts";
import type { Marks, Prefix } from "../net/index.ts";
import type { Link } from "../routing/index.ts";
import type { Distribution } from "./distribution.ts";
import type { Flavour } from "./flavour.ts";
import type { RelayMap } from "./relay-maps.ts";

/**
 * An observed value, or the reason why it could not be observed. `isLate` means that it took too long, which proves
 * nothing about it.
 */
export type Observed<Value> =
  | { readonly value: Value }
  | { readonly unknown: string; readonly isLate?: boolean };

/** The settings in the configuration, or the defaults if there is no valid configuration. */
export interface Settings {
  readonly interfaceName: string;
  readonly listenPort: number;
  /** The MTU in bytes. */
  readonly mtu: number;
  readonly wireguard: "auto" | "kernel" | "userspace";
  readonly table: number;
  readonly priority: number;
  readonly marks: Marks;
  /** The networks behind this node that the configuration names. */
  readonly networks: readonly Prefix[];
  /** Whether this node advertises networks behind it, and therefore forwards. */
  readonly advertises: boolean;
  /** Whether the networks that Kubernetes or the CNI gave this node's pods are among these. */
  readonly advertisesPods: boolean;
  /** The networks that the operator keeps out of the mesh. */
  readonly localNetworks: readonly Prefix[];
  /** Whether the peers' pod networks are routes of the main table. */
  readonly hasMainRoutes: boolean;
  /** Whether this node relays in any case (`relay.serve: true`). */
  readonly relays: boolean;
}

export type ConfigFact =
  | { readonly state: "valid"; readonly enabled: boolean; readonly warnings: readonly string[] }
  | { readonly state: "wrong"; readonly message: string; readonly hint: string | undefined };

export type IdentityFact =
  | { readonly state: "absent" }
  | { readonly state: "sound"; readonly nodeId: string; readonly mode: number }
  | { readonly state: "damaged"; readonly message: string; readonly hint: string | undefined };

export interface ToolFact {
  readonly name: string;
  readonly isInstalled: boolean;
  /** The version, as `1.0.6`; absent if the tool does not tell. */
  readonly version?: string;
}

export interface PortFact {
  /** The processes that listen on the UDP port, as `ss` names them. A socket of the kernel has no process. */
  readonly users: readonly string[];
  /** Whether any socket uses the port. */
  readonly isTaken: boolean;
  /** The WireGuard links that use the port. */
  readonly wireguardLinks: readonly string[];
}

/** The rules and routes of others at our priority or in our table, as the tools print them. */
export interface RoutingFact {
  readonly foreignRules: readonly string[];
  readonly foreignRoutes: readonly string[];
  /** The rules before ours that may lead traffic of the mesh elsewhere, and the consequences. */
  readonly ahead: readonly Warning[];
}

/** The answer of a discovery service or of the Kubernetes API. */
export interface ServiceFact {
  readonly location: string;
  /** The address at which the service sees this node. */
  readonly reflected?: string;
  /** The records of the cluster that a discovery service holds: how many of them open with the cluster secret, and how many nodes besides this one have one. */
  readonly records?: { readonly all: number; readonly opened: number; readonly others: number };
  /** The nodes that say in their records that they refuse what this node announces, each with its reason; absent if none does. */
  readonly refusedBy?: readonly { readonly label: string; readonly reason: string }[];
  /** The name of this node's Node, if this is the Kubernetes API, and the pod networks that it has there. */
  readonly node?: string;
  readonly podNetworks?: readonly Prefix[];
  /** The failure. `isLate` means that no answer came in time. */
  readonly error?: { readonly message: string; readonly hint: string | undefined; readonly isLate?: boolean };
}

/** A route that refuses packets, and a network of the mesh to which it leads. */
export interface Refusal {
  /** The route, as the tool prints it. */
  readonly route: string;
  readonly target: Prefix;
}

/** All facts from which the findings are derived. */
export interface Facts {
  readonly distribution: Distribution;
  readonly flavours: readonly Flavour[];
  readonly configFile: string;
  readonly config: ConfigFact;
  readonly settings: Settings;
  readonly stateDirectory: string;
  readonly identity: IdentityFact;
  readonly userId: number;
  /** The effective set of capabilities. */
  readonly capabilities: Observed<bigint>;
  readonly kernel: {
    readonly release: string;
    /** Whether the kernel has WireGuard; `unknown` if that could not be found out. */
    readonly wireguard: "present" | "loadable" | "none" | "unknown";
    /** The reason why `/dev/net/tun`, which wireguard-go needs, cannot be used; absent if it can. */
    readonly tunProblem?: { readonly isMissing: boolean; readonly text: string };
  };
  /** The rules of a firewall that keep out what the mesh needs, as far as they can be understood. */
  readonly firewall: readonly Block[];
  /** The routes that refuse what this node itself sends to a network of the mesh. */
  readonly refusals: Observed<readonly Refusal[]>;
  /** The maps for relaying, and how full they are; none where this node relays nothing. */
  readonly relayMaps: readonly RelayMap[];
  /** The number of tables that nft listed. */
  readonly nftTables: Observed<number>;
  /** The reason why the kernel takes no chain that translates addresses in a table of the family inet; absent if it does. */
  readonly natProblem?: { readonly unknown: string; readonly isLate?: boolean };
  /** The sysctls, with slashes in their keys. A key that the kernel does not know is absent. */
  readonly sysctls: ReadonlyMap<string, string>;
  readonly tools: readonly ToolFact[];
  readonly links: Observed<readonly Link[]>;
  /** The links of the default routes. */
  readonly uplinks: readonly string[];
  readonly port: Observed<PortFact>;
  readonly routing: Observed<RoutingFact>;
  readonly others: {
    /** The warnings about software that uses our mark bits, table or priority, or that translates packets of the mesh. */
    readonly warnings: readonly Interference[];
    /** The sources that could not be read, each with the reason. iptables, for one, is not installed everywhere. */
    readonly unread: readonly string[];
  };
  readonly clock: {
    /** The current time in milliseconds since 1970. */
    readonly now: number;
    /** The time at which this program was installed, in milliseconds since 1970. */
    readonly installedAt: number;
    readonly synchronised: boolean | undefined;
  };
  /** What CNI plug-ins made on this node. */
  readonly cni: CniFacts;
  /** The networks that were last steered into the mesh. */
  readonly steered: readonly Prefix[];
  readonly services: readonly ServiceFact[];
  /** Whether systemd-networkd runs and deletes rules of others when it restarts. */
  readonly networkdTakesRules: boolean;
}
