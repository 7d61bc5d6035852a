import type { Address, Endpoint, LeftOut, Prefix } from "../net/index.ts";
import type { Tier } from "./better-way.ts";

/** A peer of the mesh: what may be sent to it, and where it may be dialled. */
export interface PeerSpec {
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
  /** Best first. */
  readonly candidates: readonly Endpoint[];
  /** Why each candidate stands where it stands. */
  readonly candidateReasons: readonly string[];
  /** What each candidate is worth, wherever the peer was connected before. */
  readonly candidateTiers: readonly Tier[];
  readonly refusedCandidates: readonly LeftOut[];
}
