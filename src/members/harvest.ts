import { type Endpoint, endpointAddress, unreachableKind } from "../net/index.ts";
import { type Budget, type PeerState, refill, spend } from "../peers/index.ts";

/** What harvesting looks at: a peer as announced, and where its packets really come from. */
export interface HarvestedPeer {
  readonly nodeId: string;
  readonly state: PeerState;
  readonly announced: readonly Endpoint[];
  readonly observed: Endpoint | undefined;
}

/** What is published of others, and remembered for that. Times in milliseconds. */
export interface Harvest {
  /** By node id. */
  readonly published: ReadonlyMap<string, readonly Endpoint[]>;
  /** By node id and endpoint: when it is our turn, unless another node was there before. */
  readonly turns: ReadonlyMap<string, number>;
  readonly budget?: Budget;
}

export const emptyHarvest: Harvest = { published: new Map(), turns: new Map() };

/** Publications that are new. The public service takes 15 requests a second, and 60 at once. */
const harvestLimits = { perSecond: 2, most: 40 };

/** When the limit is reached, by when there is room for some more, in milliseconds. */
const soonestTurnMs = 1_000;

/**
 * Further ports at one address. A NAT that maps by destination shows each observer another port, of use to nobody else:
 * a thousand nodes must not publish a thousand of them. Some are let through, as a mapping may change.
 */
const mostPorts = 4;

/**
 * By node id, the endpoints of connected peers that they do not announce themselves: behind a NAT a node cannot know
 * its mapped port, but whoever it dialled can (lessons 6 and 9). All who see the same one take turns, in an order of its
 * own for each peer, so that one or two of them publish it and the others find it announced. What was published stays
 * published while it is observed, although the registry then lists it as announced.
 */
export function harvest(
  peers: readonly HarvestedPeer[],
  { own, members }: { readonly own: string; readonly members: readonly string[] },
  before: Harvest,
  now: number,
): Harvest {
  const published = new Map<string, readonly Endpoint[]>();
  const turns = new Map<string, number>();
  let budget = refill(before.budget, now, harvestLimits);
  for (const { nodeId, state, announced, observed } of peers) {
    if (state !== "up" || observed === undefined || unreachableKind(endpointAddress(observed)) !== undefined)
      continue;
    const wasPublished = before.published.get(nodeId)?.includes(observed) === true;
    if (!wasPublished && !isNews(observed, announced)) continue;
    const name = `${nodeId} ${observed}`;
    const turn = before.turns.get(name) ?? now + turnIn(own, nodeId, members);
    const isDue = now >= turn && budget.left >= 1;
    if (!wasPublished && isDue) budget = spend(budget, 1);
    if (wasPublished || isDue) published.set(nodeId, [observed]);
    else turns.set(name, Math.max(turn, now + soonestTurnMs));
  }
  return { published, turns, budget };
}

/** Milliseconds until somebody's turn to be published comes; `undefined` when nobody waits. */
export const turnDueIn = ({ turns }: Harvest, now: number): number | undefined =>
  turns.size === 0 ? undefined : Math.max(0, Math.min(...turns.values()) - now);

function isNews(observed: Endpoint, announced: readonly Endpoint[]): boolean {
  const address = endpointAddress(observed);
  const ports = announced.filter((endpoint) => endpointAddress(endpoint) === address);
  return !announced.includes(observed) && ports.length < mostPorts;
}

/**
 * Milliseconds. The first in the order begins, the second follows after more than a second, when its publication is
 * known everywhere; the tenth after six and the thousandth after twenty, because only few nodes may see the peer.
 */
function turnIn(own: string, nodeId: string, members: readonly string[]): number {
  const mine = place(own, nodeId);
  const before = members.filter((member) => member !== nodeId && place(member, nodeId) < mine).length;
  return before === 0 ? 0 : 2_000 * Math.log2(1 + before * 0.6);
}

/** FNV-1a: the order has to be the same everywhere and different for each peer, nothing else. */
function place(member: string, nodeId: string): number {
  let hash = 0x811c9dc5;
  for (const text of [nodeId, member])
    for (let index = 0; index < text.length; index++)
      hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}
