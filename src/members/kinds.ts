import type { Affiliate } from "../discovery/index.ts";
import {
  bitsOf,
  hostPrefix,
  type Prefix,
  prefixesTouch,
  prefixFamily,
  subtract,
  widthOf,
} from "../net/index.ts";
import type { PeerSpec } from "../peers/index.ts";

/** The kinds of a peer's networks. */
export interface MemberNetworks {
  /** The pod networks among those that the peer is granted. */
  readonly pods: readonly Prefix[];
  /** The single addresses that the peer lists itself: its own, and those among the networks behind it. */
  readonly listed: ReadonlySet<Prefix>;
}

/**
 * The kinds of networks by node id. A network of a peer counts as a pod network unless it is an address of the peer, or
 * the peer or the configuration says that it is none. A peer that says nothing of the kind, such as a Talos node,
 * advertises pod networks.
 */
export function memberNetworks(
  peers: readonly PeerSpec[],
  affiliates: readonly Affiliate[],
  otherNetworks: readonly Prefix[],
): ReadonlyMap<string, MemberNetworks> {
  const byId = new Map(affiliates.map((affiliate) => [affiliate.nodeId, affiliate]));
  return new Map(peers.map((peer) => [peer.nodeId, networksOf(peer, byId.get(peer.nodeId), otherNetworks)]));
}

function networksOf(
  { address, allowedIPs }: PeerSpec,
  affiliate: Affiliate | undefined,
  otherNetworks: readonly Prefix[],
): MemberNetworks {
  const own = [address, ...(affiliate?.addresses ?? [])].map(hostPrefix);
  const nodes = new Set(own);
  const rest = allowedIPs.filter((prefix) => !nodes.has(prefix));
  const others = [...own, ...(affiliate?.membership?.otherNetworks ?? []), ...otherNetworks];
  const holes = others.filter((other) => rest.some((prefix) => prefixesTouch(prefix, other)));
  const single = (affiliate?.kubespan?.additionalAddresses ?? []).filter(
    (prefix) => bitsOf(prefix) === widthOf(prefixFamily(prefix)),
  );
  return { pods: holes.length === 0 ? rest : subtract(rest, holes), listed: new Set([...own, ...single]) };
}
