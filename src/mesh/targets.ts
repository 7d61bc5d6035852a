import type { Config } from "../config/index.ts";
import { meshNetworks, type PeerSpecs } from "../members/index.ts";
import type { Prefix } from "../net/index.ts";
import { type Polled, stateOf } from "../peers/index.ts";
import type { Self } from "../self/index.ts";

/** The networks of all peers, or only of those that are up where the operator allows traffic to the others in clear. */
export function targetsOf(
  { peers, networks }: PeerSpecs,
  polled: Polled,
  config: Config,
  self: Self,
): readonly Prefix[] {
  if (!config.allowDownPeerBypass) return networks;
  const up = peers.filter((peer) => stateOf(polled.memory.connections.get(peer.publicKey)) === "up");
  return meshNetworks(up, self.clusterPrefix);
}
