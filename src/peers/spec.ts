import type { Address, Endpoint, LeftOut, Prefix } from "../net/index.ts";
import type { Candidates } from "./candidates/index.ts";

/** A peer of the mesh: what may be sent to it, and where it may be dialled. */
export interface PeerSpec extends Candidates {
  readonly nodeId: string;
  /** The Kubernetes node name, or the best name there is. */
  readonly label: string;
  readonly publicKey: string;
  /** The KubeSpan ULA. */
  readonly address: Address;
  /**
   * No address is in those of two peers, but where one peer's network stays whole around very many of others': then the
   * longest prefix tells whose it is. The ULA is among them.
   */
  readonly allowedIPs: readonly Prefix[];
  readonly refusedPrefixes: readonly LeftOut[];
  /** Present if the peer passes packets on between members that reach each other in no other way. */
  readonly relays?: true;
  /** Present if the peer goes back to an endpoint of before whenever one of its links changes, as Talos nodes do. */
  readonly goesBack?: true;
  /** The endpoint of which the peer says that a router leads it there. */
  readonly mapped?: Endpoint;
}
