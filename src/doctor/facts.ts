import type { Interference, Warning } from "../marks/index.ts";
import type { Link } from "../routing/index.ts";
import type { Distribution } from "./distribution.ts";
import type { Flavour } from "./flavour.ts";

/** Something that was seen, or why it could not be. */
export type Observed<Value> = { readonly value: Value } | { readonly unknown: string };

/** What the configuration says, or the defaults where there is no valid one. */
export interface Settings {
  readonly interfaceName: string;
  readonly listenPort: number;
  /** Bytes. */
  readonly mtu: number;
  readonly wireguard: "auto" | "kernel" | "userspace";
  readonly table: number;
  readonly priority: number;
  /** Networks behind this node are told to the others, so it forwards. */
  readonly advertises: boolean;
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
  /** `1.0.6`; absent if it did not say. */
  readonly version?: string;
}

export interface PortFact {
  /** Processes that listen on the UDP port, as `ss` names them; a socket of the kernel has none. */
  readonly users: readonly string[];
  /** Somebody listens. */
  readonly isTaken: boolean;
  /** WireGuard links that use the port. */
  readonly wireguardLinks: readonly string[];
}

/** What stands at our priority or in our table and is not ours, as the tools print it. */
export interface RoutingFact {
  readonly foreignRules: readonly string[];
  readonly foreignRoutes: readonly string[];
  /** Rules before ours that may lead traffic of the mesh elsewhere, and what follows. */
  readonly ahead: readonly Warning[];
}

/** A discovery service, or the Kubernetes API. */
export interface ServiceFact {
  readonly location: string;
  /** The address that it sees us at. */
  readonly reflected?: string;
  /** Of the Kubernetes API: the Node that this node is there. */
  readonly node?: string;
  readonly error?: { readonly message: string; readonly hint: string | undefined };
}

/** Everything that the findings come from. */
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
    readonly wireguard: "present" | "loadable" | "none";
    /** `/dev/net/tun`, which wireguard-go needs. */
    readonly hasTun: boolean;
  };
  /** The number of tables that nft listed. */
  readonly nftTables: Observed<number>;
  /** Keys with slashes; a key that the kernel does not know is absent. */
  readonly sysctls: ReadonlyMap<string, string>;
  readonly tools: readonly ToolFact[];
  readonly links: Observed<readonly Link[]>;
  /** Links of default routes. */
  readonly uplinks: readonly string[];
  readonly port: Observed<PortFact>;
  readonly routing: Observed<RoutingFact>;
  readonly others: {
    /** Who uses our mark bits, our table or our priority, or translates what is the mesh's. */
    readonly warnings: readonly Interference[];
    /** What could not be looked at, and why: iptables is not everywhere. */
    readonly unread: readonly string[];
  };
  readonly clock: {
    /** Milliseconds since 1970. */
    readonly now: number;
    /** When this program was installed, in milliseconds. */
    readonly installedAt: number;
    readonly synchronised: boolean | undefined;
  };
  /** `eth0: cil_from_netdev`: programs that Cilium attached to links of the host. */
  readonly ciliumPrograms: readonly string[];
  readonly services: readonly ServiceFact[];
  /** systemd-networkd runs and takes foreign rules away when it restarts. */
  readonly networkdTakesRules: boolean;
}
