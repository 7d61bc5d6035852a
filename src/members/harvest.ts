import { type Endpoint, endpointAddress, unreachableKind } from "../net/index.ts";
import { type Budget, type PeerState, refill, spend } from "../peers/index.ts";

/** A peer with the endpoints that it announced, and the endpoint from which its packets arrive. */
export interface HarvestedPeer {
  readonly nodeId: string;
  readonly state: PeerState;
  readonly announced: readonly Endpoint[];
  readonly observed: Endpoint | undefined;
}

/** The endpoints that this node publishes for others, and what it remembers for that. Times are in milliseconds. */
export interface Harvest {
  /** The published endpoints by node id. */
  readonly published: ReadonlyMap<string, readonly Endpoint[]>;
  /** The time of this node's turn, by node id and endpoint. Another node may publish the endpoint before. */
  readonly turns: ReadonlyMap<string, number>;
  readonly budget?: Budget;
}

export const emptyHarvest: Harvest = { published: new Map(), turns: new Map() };

/** The rate of new publications. The public service takes 15 requests a second, and 60 at once. */
const harvestLimits = { perSecond: 2, most: 40 };

/** The time in milliseconds after which a publication that exceeded the rate is tried again. */
const soonestTurnMs = 1_000;

/**
 * The number of announced ports at one address at which no further one is published. A NAT that maps by destination
 * shows each observer another port, which is of use to nobody else, and a thousand nodes must not publish a thousand of
 * them. Some are let through, as a mapping may change.
 */
const mostPorts = 4;

/**
 * The endpoints of connected peers that these do not announce themselves, by node id. Behind a NAT a node cannot know
 * its mapped port, but a node that it dialled can. All nodes that observe the same endpoint take
 * turns, in an order that differs for each peer, so that one or two of them publish it and the others find it
 * announced. A published endpoint stays published while it is observed, although the registry then lists it as
 * announced.
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

/** The milliseconds until the next turn to publish an endpoint; `undefined` if none is waiting. */
export const turnDueIn = ({ turns }: Harvest, now: number): number | undefined =>
  turns.size === 0 ? undefined : Math.max(0, Math.min(...turns.values()) - now);

function isNews(observed: Endpoint, announced: readonly Endpoint[]): boolean {
  const address = endpointAddress(observed);
  const ports = announced.filter((endpoint) => endpointAddress(endpoint) === address);
  return !announced.includes(observed) && ports.length < mostPorts;
}

/**
 * The milliseconds until this node's turn. The first node in the order begins. The second follows after more than a
 * second, when the first publication is known everywhere, the tenth after six and the thousandth after twenty, because
 * perhaps only few nodes observe the peer.
 */
function turnIn(own: string, nodeId: string, members: readonly string[]): number {
  const mine = placeFor(own, nodeId);
  const before = members.filter((member) => member !== nodeId && placeFor(member, nodeId) < mine).length;
  return before === 0 ? 0 : 2_000 * Math.log2(1 + before * 0.6);
}

/**
 * The place of a member in the order in which members speak for a peer. FNV-1a is enough: the order only has to be the same everywhere and
 * different for each peer.
 */
export function placeFor(member: string, nodeId: string): number {
  let hash = 0x811c9dc5;
  for (const text of [nodeId, member])
    for (let index = 0; index < text.length; index++)
      hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}
