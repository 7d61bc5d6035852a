import { bounds } from "../config/index.ts";
import type { Affiliate, KubespanAffiliate } from "../discovery/index.ts";
import {
  type Endpoint,
  endpointAddress,
  type Prefix,
  parseEndpoint,
  prefixContains,
  prefixesTouch,
  reunite,
  touchesCover,
  unite,
} from "../net/index.ts";
import type { PeerSpec } from "../peers/index.ts";
import { type Asked, askedPrefixes } from "./asked.ts";
import { mostNetworks } from "./claims.ts";
import { labelOf } from "./labels.ts";
import { nest } from "./nesting.ts";
import { type Made, type OwnSide, specMaker, steerable } from "./specs.ts";
import { isTalosNode } from "./talos.ts";

/**
 * The specs after one member has changed what it says, made from those before it. The work is that for one member, so this
 * decides only what concerns nobody else: `undefined` where another member's spec might change, too. Then all specs have to
 * be made anew.
 */
export function respecify(made: Made, affiliate: Affiliate, own: OwnSide): Made | undefined {
  const { nodeId, kubespan } = affiliate;
  const at = made.specs.peers.findIndex((peer) => peer.nodeId === nodeId);
  const [before, askedBefore] = [made.specs.peers[at], made.asked.get(nodeId)];
  if (!before || !askedBefore || !kubespan || !isSameNode(before, affiliate, kubespan)) return undefined;
  const member = { ...affiliate, kubespan };
  const asked = askedPrefixes(member, own);
  const [taken, added] = [changeOf(asked, askedBefore), changeOf(askedBefore, asked)];
  if (concernsOthers(made, nodeId, asked, taken, added)) return undefined;
  const label = labelOf(affiliate);
  const routed = made.routed.with(
    taken,
    added.map((prefix) => [prefix, { label, nodeId }]),
  );
  const allowedIPs = unite(asked.claims.map(({ prefix }) => prefix));
  const peer = specMaker(own, { routed, shared: made.shared })(member, allowedIPs, asked.refused);
  return {
    ...made,
    specs: {
      ...made.specs,
      peers: made.specs.peers.with(at, peer),
      networks: networksAfter(made.specs.networks, before, peer, own.clusterPrefix),
    },
    asked: new Map(made.asked).set(nodeId, asked),
    routed,
    spare: made.spare + nest(askedBefore.claims).length - nest(asked.claims).length,
  };
}

/** Whether nothing changed by which others know the node: its key, its address, its name in reasons, and whether it is Talos'. */
const isSameNode = (before: PeerSpec, affiliate: Affiliate, kubespan: KubespanAffiliate): boolean =>
  before.publicKey === kubespan.publicKey &&
  before.address === kubespan.address &&
  before.label === labelOf(affiliate) &&
  (before.goesBack === true) === isTalosNode(affiliate);

/** The networks that are asked for after and not before. */
function changeOf(before: Asked, after: Asked): Prefix[] {
  const known = new Set(before.claims.map(({ prefix }) => prefix));
  return after.claims.flatMap(({ prefix }) => (known.has(prefix) ? [] : prefix));
}

/**
 * Whether what a member asks for, or asked for before, may matter to others: somebody else claims an address in it, or may
 * be dialled there, or the bounds of all members together come near.
 */
function concernsOthers(
  { asked: all, contests, takings, specs, spare }: Made,
  nodeId: string,
  asked: Asked,
  taken: readonly Prefix[],
  added: readonly Prefix[],
): boolean {
  const isTwice = new Set(asked.claims.map(({ prefix }) => prefix)).size < asked.claims.length;
  if (isTwice || contests.has(nodeId)) return true;
  // No bound on all has cut anything off if so much is left that a single member could not use it up.
  const total = [...all.values()].reduce((sum, { claims }) => sum + claims.length, added.length);
  if (total > mostNetworks || spare - asked.claims.length < bounds.networks) return true;
  // Whoever had an address in common with another member is part of a taking.
  if (takings.some(({ taker, loser }) => taker.nodeId === nodeId || loser.nodeId === nodeId)) return true;
  // Whatever anybody claims was granted to somebody, so most new networks are found to be nobody's at once.
  const maybe = added.filter((prefix) => touchesCover(specs.networks, prefix));
  return (
    (maybe.length > 0 && isClaimedIn(all, nodeId, maybe)) ||
    isDialledIn(specs.peers, nodeId, [...taken, ...added])
  );
}

/** Whether a member other than this one claims an address in one of these networks. */
function isClaimedIn(all: Made["asked"], nodeId: string, networks: readonly Prefix[]): boolean {
  for (const [id, { claims }] of all)
    if (id !== nodeId)
      for (const { prefix } of claims)
        for (const network of networks) if (prefixesTouch(prefix, network)) return true;
  return false;
}

/**
 * Whether an endpoint of a peer other than this one, refused or not, is in one of these networks: that decides whether it is
 * refused.
 */
function isDialledIn(peers: readonly PeerSpec[], nodeId: string, networks: readonly Prefix[]): boolean {
  const isIn = (endpoint: Endpoint): boolean => {
    const address = endpointAddress(endpoint);
    return networks.some((network) => prefixContains(network, address));
  };
  if (networks.length === 0) return false;
  for (const peer of peers)
    if (peer.nodeId !== nodeId) {
      if (peer.endpoints.some(isIn)) return true;
      for (const { value } of peer.refusedCandidates) {
        const endpoint = parseEndpoint(value);
        if (endpoint && isIn(endpoint)) return true;
      }
    }
  return false;
}

/** The networks of all peers after one of them was granted others. Nobody else has an address of those that it lost. */
function networksAfter(
  networks: readonly Prefix[],
  before: PeerSpec,
  after: PeerSpec,
  clusterPrefix: Prefix,
): readonly Prefix[] {
  const [had, has] = [new Set(before.allowedIPs), new Set(after.allowedIPs)];
  const added = after.allowedIPs.filter((prefix) => !had.has(prefix));
  return reunite(
    networks,
    before.allowedIPs.filter((prefix) => !has.has(prefix)),
    steerable(added, clusterPrefix),
  );
}
