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
  /** Disjoint from those of every other peer; the ULA is among them. */
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
