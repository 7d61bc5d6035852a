import { type Harvest, harvest } from "../members/index.ts";
import type { Endpoint } from "../net/index.ts";
import { type PeerSpec, type Polled, type StandIns, stateOf, wayTo, withStandIns } from "../peers/index.ts";
import type { ObservedDevice } from "../wireguard/index.ts";
import type { Knowledge } from "./knowledge.ts";

/** Collects the endpoints at which this node sees peers that do not announce them. */
export function harvestFrom(
  peers: readonly PeerSpec[],
  { claims, self }: Knowledge,
  polled: Polled,
  { device, standIns }: { device: ObservedDevice | undefined; standIns: StandIns | undefined },
  before: Harvest,
  now: number,
): Harvest {
  const directEndpoint = (peer: PeerSpec): Endpoint | undefined => {
    const endpoint = device?.peers.get(peer.publicKey)?.endpoint;
    const isThere = endpoint && wayTo(withStandIns(peer, standIns), endpoint).kind === "direct";
    return isThere ? endpoint : undefined;
  };
  const affiliates = claims.map(({ affiliate }) => affiliate);
  const up = peers.filter((peer) => stateOf(polled.memory.connections.get(peer.publicKey)) === "up");
  const told = up.length === 0 ? [] : affiliates; // of the others nothing is asked
  const announced = new Map(told.map(({ nodeId, kubespan }) => [nodeId, kubespan?.endpoints ?? []]));
  const seen = up.map((peer) => ({
    nodeId: peer.nodeId,
    state: "up" as const,
    announced: announced.get(peer.nodeId) ?? [],
    observed: directEndpoint(peer),
  }));
  const members = [self.nodeId, ...affiliates.map(({ nodeId }) => nodeId)];
  return harvest(seen, { own: self.nodeId, members }, before, now);
}
