import type { DialRules } from "../config/index.ts";
import type { Affiliate } from "../discovery/index.ts";
import type { Warning } from "../marks/index.ts";
import {
  type Endpoint,
  type LeftOut,
  networkOf,
  type Prefix,
  prefixContains,
  unite,
  withoutSpecial,
} from "../net/index.ts";
import { type CandidateContext, type PeerSpec, routedPrefixes, sortCandidates } from "../peers/index.ts";
import { admit, type RefusedMember } from "./admit.ts";
import { type Asked, askedPrefixes, type Member, type Reserved } from "./asked.ts";
import { grantClaims, type Taking } from "./claims.ts";
import { type Contests, contestsAmong } from "./contests.ts";
import { labelOf, someOf } from "./labels.ts";
import { sharedAddresses } from "./shared.ts";
import type { Standings } from "./standing.ts";
import { takingWarnings } from "./takings.ts";
import { isTalosNode } from "./talos.ts";
import { servedInAll } from "./total.ts";

/** The facts about this node that decide about its peers, whatever they say. */
export interface OwnSide extends Reserved {
  readonly nodeId: string;
  readonly publicKey: string;
  readonly dial: DialRules;
  /** The networks of this node's links. */
  readonly networks: readonly Prefix[];
  /** The networks, of any node, that are no pod networks according to the configuration. */
  readonly otherNetworks: readonly Prefix[];
  /** The endpoint at which each peer was last connected, by public key. */
  readonly lastWorking: ReadonlyMap<string, Endpoint>;
}

export interface PeerSpecs {
  /** The peers in the order of their node ids. */
  readonly peers: readonly PeerSpec[];
  /** The networks of all peers, without KubeSpan addresses: the fewest prefixes, in order. */
  readonly networks: readonly Prefix[];
  /** The affiliates that ask to be peers and are refused. */
  readonly refused: readonly RefusedMember[];
  /** The warnings about networks that members lose to each other. */
  readonly warnings: readonly Warning[];
}

/** The specs with their intermediate results. */
export interface Made {
  readonly specs: PeerSpecs;
  /** The networks that each member asks for, by node id. */
  readonly asked: ReadonlyMap<string, Asked>;
  readonly contests: Contests;
  /** What members lose to each other. */
  readonly takings: readonly Taking[];
  /** The claims that are owned, and this node's networks, by network. */
  readonly routed: CandidateContext["routed"];
  /** The addresses that more than one member lists. */
  readonly shared: CandidateContext["shared"];
  /** The number of prefixes that could be granted besides. */
  readonly spare: number;
}

/**
 * Makes the specs of peers from affiliates. The allowed IPs are the addresses and additional
 * addresses without what the peer excludes, and the ULA. If two peers claim the same, their standings decide, by node
 * id (ADR 0015). The result does not depend on the order of the affiliates.
 */
export const peerSpecs = (
  affiliates: readonly Affiliate[],
  own: OwnSide,
  standings: Standings = new Map(),
): PeerSpecs => makeSpecs(affiliates, own, standings, (member) => askedPrefixes(member, own)).specs;

/**
 * Makes the specs with their intermediate results. `askedOf` gives what one member asks for, as `askedPrefixes` does.
 */
export function makeSpecs(
  affiliates: readonly Affiliate[],
  own: OwnSide,
  standings: Standings,
  askedOf: (member: Member) => Asked,
): Made {
  const { members, refused, rivals } = admit(affiliates, own, standings);
  const asked = new Map(members.map((member) => [member.nodeId, askedOf(member)]));
  const asking = [...asked].map(([nodeId, { claims }]) => ({ nodeId, claims }));
  const served = servedInAll(asking);
  const { grants, owned, takings, spare } = grantClaims(served.claims, standings);
  const routed = routedPrefixes(owned, own.advertisedPrefixes);
  const shared = sharedAddresses([...asked.values()]);
  const specOf = specMaker(own, { routed, shared });
  const peers = members.map((member) => {
    const { nodeId } = member;
    const { prefixes = [], refused: lost = [] } = grants.get(nodeId) ?? {};
    const kept = [...(asked.get(nodeId)?.refused ?? []), ...(served.refused.get(nodeId) ?? [])];
    return specOf(member, prefixes, [...kept, ...lost]);
  });
  const specs: PeerSpecs = {
    peers,
    networks: meshNetworks(peers, own.clusterPrefix),
    refused,
    warnings: takingWarnings(takings, refused, members.some(isTalosNode)),
  };
  const contests = contestsAmong(served.claims, rivals);
  return { specs, asked, contests, takings, routed, shared, spare };
}

/** Makes the function that puts the spec of one peer together from what it was granted and refused. */
export function specMaker(
  own: OwnSide,
  among: Pick<CandidateContext, "routed" | "shared">,
): (member: Member, allowedIPs: readonly Prefix[], refused: readonly LeftOut[]) => PeerSpec {
  const ownAddresses = new Set(own.addresses);
  return (member, allowedIPs, refused) => {
    const { nodeId, kubespan } = member;
    const { publicKey, address, endpoints } = kubespan;
    return {
      nodeId,
      label: labelOf(member),
      publicKey,
      address,
      ...(member.membership?.relays && { relays: true as const }),
      ...(member.membership?.mapped !== undefined && { mapped: member.membership.mapped }),
      ...(isTalosNode(member) && { goesBack: true as const }),
      allowedIPs,
      refusedPrefixes: someOf(refused),
      ...sortCandidates(endpoints, {
        nodeId,
        ownAddresses,
        ownNetworks: own.networks,
        ...among,
        dial: own.dial,
        lastWorking: own.lastWorking.get(publicKey),
      }),
    };
  };
}

/**
 * The networks that are sent through the mesh to these peers, without KubeSpan addresses: the fewest prefixes, in
 * order.
 */
export const meshNetworks = (peers: readonly PeerSpec[], clusterPrefix: Prefix): readonly Prefix[] =>
  steerable(
    peers.flatMap((peer) => peer.allowedIPs),
    clusterPrefix,
  );

/** The networks among those that peers were granted that are sent through the mesh: the fewest prefixes, in order. */
export const steerable = (granted: readonly Prefix[], clusterPrefix: Prefix): readonly Prefix[] =>
  withoutSpecial(unite(granted.filter((prefix) => !prefixContains(clusterPrefix, networkOf(prefix)))));
