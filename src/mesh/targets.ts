import type { Config } from "../config/index.ts";
import { meshNetworks, type Ownerless, type OwnSide, type PeerSpecs, steerable } from "../members/index.ts";
import { hostPrefix, type Prefix, subtract, unite } from "../net/index.ts";
import { type Polled, stateOf } from "../peers/index.ts";
import type { Self } from "../self/index.ts";

/**
 * The networks without a known owner, as far as a member could be granted them: what this node has itself by now, and what
 * is never sent into the mesh, is taken out.
 */
export function ownerlessFor(
  ownerless: Ownerless | undefined,
  own: Pick<OwnSide, "addresses" | "advertisedPrefixes" | "localNetworks" | "clusterPrefix">,
  { allowDownPeerBypass }: Pick<Config, "allowDownPeerBypass">,
): readonly Prefix[] {
  if (!ownerless || ownerless.networks.length === 0 || allowDownPeerBypass) return [];
  const { addresses, advertisedPrefixes, localNetworks, clusterPrefix } = own;
  const ours = [...addresses.map(hostPrefix), ...advertisedPrefixes, ...localNetworks, clusterPrefix];
  return steerable(subtract(ownerless.networks, ours), clusterPrefix);
}

/** The networks of all peers and those without a known owner, or only of those that are up where the operator allows traffic to the others in clear. */
export function targetsOf(
  { peers, networks }: PeerSpecs,
  polled: Polled,
  config: Config,
  self: Self,
  ownerless: readonly Prefix[] = [],
): readonly Prefix[] {
  if (!config.allowDownPeerBypass)
    return ownerless.length === 0 ? networks : unite([...networks, ...ownerless]);
  const up = peers.filter((peer) => stateOf(polled.memory.connections.get(peer.publicKey)) === "up");
  return meshNetworks(up, self.clusterPrefix);
}
