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

/** What a peer's networks are. */
export interface MemberNetworks {
  /** Of those it is granted, pods'. */
  readonly pods: readonly Prefix[];
  /** Single addresses that it lists itself: its own, and those among the networks behind it. */
  readonly listed: ReadonlySet<Prefix>;
}

/**
 * By node id. A peer's addresses are no pods'; of its other networks are not those that it says are none, or that the
 * configuration says are none. Who says nothing of that kind, as Talos does not, advertises pods.
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
