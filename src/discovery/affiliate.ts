import type { MachineType } from "../config/index.ts";
import type { Address, Endpoint, Prefix } from "../net/index.ts";

/** What a node says about itself (reference section 3), checked: every field is canonical and bounded. */
export interface Affiliate {
  readonly nodeId: string;
  /** The node's own routed addresses; no pod or service addresses. */
  readonly addresses: readonly Address[];
  readonly hostname: string;
  /** The Kubernetes node name. */
  readonly nodeName: string;
  readonly machineType: MachineType;
  readonly operatingSystem: string;
  readonly apiServerPort?: number;
  /** Absent when the node takes part in the cluster, but not in the mesh. */
  readonly kubespan?: KubespanAffiliate;
  /** Absent in what Talos nodes announce, and in what Kubernetes says of a node. */
  readonly membership?: Membership;
}

/** What tells an affiliate of now from one of before, and one machine from its clone; only of nodes that run this program. */
export interface Membership {
  /** Grows with each change of the affiliate, also across restarts: at least the milliseconds since 1970. */
  readonly number: number;
  /** When the node's daemon started, in milliseconds since 1970 on its own clock. */
  readonly startedAt: number;
  /** A hash of what identifies the machine, in base64; empty where nothing does. */
  readonly machine: string;
  /** Additional addresses that are no pod networks. */
  readonly otherNetworks: readonly Prefix[];
  /** The node left the mesh: a proof for each recipient, by the first 8 bytes of its public key; both in base64. */
  readonly farewells?: ReadonlyMap<string, string>;
}

export interface KubespanAffiliate {
  /** X25519, canonical base64 of 32 bytes. */
  readonly publicKey: string;
  /** The KubeSpan ULA. */
  readonly address: Address;
  /** Pod networks and other prefixes that the node routes for the mesh. */
  readonly additionalAddresses: readonly Prefix[];
  /** Networks that this node wants left out of what others send it. */
  readonly excludedNetworks: readonly Prefix[];
  /** Where the node may be dialled; announced by itself or observed by others. */
  readonly endpoints: readonly Endpoint[];
}
