import { type Endpoint, endpointAddress, unreachableKind } from "../net/index.ts";
import type { PeerState } from "./state.ts";

/** What harvesting looks at: a peer as announced, and where its packets really come from. */
export interface HarvestedPeer {
  readonly nodeId: string;
  readonly state: PeerState;
  readonly announced: readonly Endpoint[];
  readonly observed: Endpoint | undefined;
}

/**
 * By node id, the endpoints of connected peers that they do not announce themselves: behind a NAT a node cannot know
 * its mapped port, but whoever it dialled can (lessons 6 and 9). What was published stays published while it is
 * observed, although the registry then lists it as announced.
 */
export function harvest(
  peers: readonly HarvestedPeer[],
  published: ReadonlyMap<string, readonly Endpoint[]>,
): Map<string, readonly Endpoint[]> {
  const harvested = new Map<string, readonly Endpoint[]>();
  for (const { nodeId, state, announced, observed } of peers) {
    if (state !== "up" || observed === undefined || unreachableKind(endpointAddress(observed)) !== undefined)
      continue;
    const isNews = !announced.includes(observed) || published.get(nodeId)?.includes(observed) === true;
    if (isNews) harvested.set(nodeId, [observed]);
  }
  return harvested;
}
