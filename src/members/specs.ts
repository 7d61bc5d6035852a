import type { DialRules } from "../config/index.ts";
import type { Affiliate } from "../discovery/index.ts";
import type { Warning } from "../marks/index.ts";
import {
  type Endpoint,
  networkOf,
  type Prefix,
  prefixContains,
  unite,
  withoutSpecial,
} from "../net/index.ts";
import { type PeerSpec, routedPrefixes, sortCandidates } from "../peers/index.ts";
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
interface Made {
  readonly specs: PeerSpecs;
  /** The networks that each member asks for, by node id. */
  readonly asked: ReadonlyMap<string, Asked>;
  readonly contests: Contests;
  /** What members lose to each other. */
  readonly takings: readonly Taking[];
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
  const { grants, owned, takings } = grantClaims(served.claims, standings);
  const ownAddresses = new Set(own.addresses);
  const routed = routedPrefixes(owned, own.advertisedPrefixes);
  const shared = sharedAddresses([...asked.values()]);
  const peers = members.map((member) => {
    const { nodeId, kubespan } = member;
    const grant = grants.get(nodeId);
    return {
      nodeId,
      label: labelOf(member),
      publicKey: kubespan.publicKey,
      address: kubespan.address,
      ...(member.membership?.relays && { relays: true as const }),
      ...(isTalosNode(member) && { goesBack: true as const }),
      allowedIPs: grant?.prefixes ?? [],
      refusedPrefixes: someOf([
        ...(asked.get(nodeId)?.refused ?? []),
        ...(served.refused.get(nodeId) ?? []),
        ...(grant?.refused ?? []),
      ]),
      ...sortCandidates(kubespan.endpoints, {
        nodeId,
        ownAddresses,
        ownNetworks: own.networks,
        routed,
        shared,
        dial: own.dial,
        lastWorking: own.lastWorking.get(kubespan.publicKey),
      }),
    };
  });
  const specs: PeerSpecs = {
    peers,
    networks: meshNetworks(peers, own.clusterPrefix),
    refused,
    warnings: takingWarnings(takings, refused, members.some(isTalosNode)),
  };
  return { specs, asked, contests: contestsAmong(served.claims, rivals), takings };
}

/**
 * The networks that are sent through the mesh to these peers, without KubeSpan addresses: the fewest prefixes, in
 * order.
 */
export const meshNetworks = (peers: readonly PeerSpec[], clusterPrefix: Prefix): readonly Prefix[] =>
  withoutSpecial(
    unite(
      peers
        .flatMap((peer) => peer.allowedIPs)
        .filter((prefix) => !prefixContains(clusterPrefix, networkOf(prefix))),
    ),
  );
