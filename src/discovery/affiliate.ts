import type { MachineType } from "../config/index.ts";
import type { Address, Endpoint, Prefix } from "../net/index.ts";

/**
 * The record in which a node describes itself, after checking: every field is canonical and
 * bounded.
 */
export interface Affiliate {
  readonly nodeId: string;
  /** The node's own routed addresses, without pod and service addresses. */
  readonly addresses: readonly Address[];
  readonly hostname: string;
  /** The name of the node in Kubernetes. */
  readonly nodeName: string;
  readonly machineType: MachineType;
  readonly operatingSystem: string;
  readonly apiServerPort?: number;
  /** The URL of the discovery service on the node (`https://192.0.2.10:3000/`); absent if it has none. */
  readonly discoveryService?: string;
  /** Absent if the node takes part in the cluster, but not in the mesh. */
  readonly kubespan?: KubespanAffiliate;
  /** Absent in the affiliates of Talos nodes, and in those from Kubernetes. */
  readonly membership?: Membership;
}

/**
 * The facts that tell a new affiliate from an old one, and a machine from its clone. Only nodes that run this program
 * have them.
 */
export interface Membership {
  /**
   * A number that grows with each change of the affiliate, also across restarts, and is at least the time in
   * milliseconds since 1970.
   */
  readonly number: number;
  /** The time at which the node's daemon started, in milliseconds since 1970 on its own clock. */
  readonly startedAt: number;
  /** A hash of what identifies the machine, in base64; empty if nothing does. */
  readonly machine: string;
  /** The additional addresses that are no pod networks. */
  readonly otherNetworks: readonly Prefix[];
  /**
   * Set if the node left the mesh: a proof for each recipient, by the first 8 bytes of its public key. Both are in
   * base64.
   */
  readonly farewells?: ReadonlyMap<string, string>;
  /** Set if the node passes packets on between members that reach each other in no other way. */
  readonly relays?: true;
  /** The announcements that the node refuses; absent for none. */
  readonly refusals?: readonly Refusal[];
  /** The statements of operators that the node carries for others, in base64; absent for none. */
  readonly evictions?: readonly string[];
  /** The names of the secrets that the node knows, in base64, the one with which it seals first; absent for one alone. */
  readonly secrets?: readonly string[];
  /** The endpoint that a router mapped to the node, which is among those of `kubespan`; absent for none. */
  readonly mapped?: Endpoint;
}

/** A node whose announcement is refused, and the reason, which is printable. */
export interface Refusal {
  readonly nodeId: string;
  readonly reason: string;
}

/** The largest number of refusals that a node announces. */
export const mostRefusals = 4;

export interface KubespanAffiliate {
  /** The X25519 key as the canonical base64 of 32 bytes. */
  readonly publicKey: string;
  /** The KubeSpan ULA. */
  readonly address: Address;
  /** Pod networks and other prefixes that the node routes for the mesh. */
  readonly additionalAddresses: readonly Prefix[];
  /** The networks that this node does not want from the others. */
  readonly excludedNetworks: readonly Prefix[];
  /** The endpoints at which the node may be dialled, announced by itself or observed by others. */
  readonly endpoints: readonly Endpoint[];
}
