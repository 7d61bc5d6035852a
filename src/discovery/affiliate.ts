import type { MachineType } from "../config/config.ts";
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
