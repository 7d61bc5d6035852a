import type { DialRules } from "../config/index.ts";
import type { Affiliate } from "../discovery/index.ts";
import type { Warning } from "../marks/index.ts";
import {
  type Address,
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
import { grantClaims } from "./claims.ts";
import { type Contests, contestsAmong } from "./contests.ts";
import { labelOf, someOf } from "./labels.ts";
import type { Standings } from "./standing.ts";
import { takingWarnings } from "./takings.ts";
import { servedInAll } from "./total.ts";

/** What of this node decides about its peers, whatever they say. */
export interface OwnSide extends Reserved {
  readonly nodeId: string;
  readonly publicKey: string;
  readonly address: Address;
  readonly dial: DialRules;
  /** Networks that this node's links are on. */
  readonly networks: readonly Prefix[];
  /** Networks of any node that its operator says are no pods'. */
  readonly otherNetworks: readonly Prefix[];
  /** By public key, where a peer was last connected. */
  readonly lastWorking: ReadonlyMap<string, Endpoint>;
}

export interface PeerSpecs {
  /** In order of node id. */
  readonly peers: readonly PeerSpec[];
  /** All that they may be sent, without KubeSpan addresses: the fewest prefixes, in order. */
  readonly networks: readonly Prefix[];
  /** Affiliates that are no peers, though they want to be. */
  readonly refused: readonly RefusedMember[];
  /** What members take from each other. */
  readonly warnings: readonly Warning[];
}

/** Specs, and what they were made by way of. */
interface Made {
  readonly specs: PeerSpecs;
  /** By node id, what each member asks for. */
  readonly asked: ReadonlyMap<string, Asked>;
  readonly contests: Contests;
}

/**
 * Peers from affiliates (reference section 6): allowed IPs are addresses and additional addresses, without what the
 * peer excludes, and the ULA. Who owns what two of them claim alike is decided by their standings, by node id (ADR 0015).
 * The result does not depend on the order of the affiliates.
 */
export const peerSpecs = (
  affiliates: readonly Affiliate[],
  own: OwnSide,
  standings: Standings = new Map(),
): PeerSpecs => makeSpecs(affiliates, own, standings, (member) => askedPrefixes(member, own)).specs;

/** The same; `askedOf` gives what one member asks for, as `askedPrefixes` does. */
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
  const peers = members.map((member) => {
    const { nodeId, kubespan } = member;
    const grant = grants.get(nodeId);
    return {
      nodeId,
      label: labelOf(member),
      publicKey: kubespan.publicKey,
      address: kubespan.address,
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
        dial: own.dial,
        lastWorking: own.lastWorking.get(kubespan.publicKey),
      }),
    };
  });
  const specs: PeerSpecs = {
    peers,
    networks: meshNetworks(peers, own.clusterPrefix),
    refused,
    warnings: takingWarnings(takings, refused),
  };
  return { specs, asked, contests: contestsAmong(served.claims, rivals) };
}

/** What goes through the mesh to these peers, without KubeSpan addresses: the fewest prefixes, in order. */
export const meshNetworks = (peers: readonly PeerSpec[], clusterPrefix: Prefix): readonly Prefix[] =>
  withoutSpecial(
    unite(
      peers
        .flatMap((peer) => peer.allowedIPs)
        .filter((prefix) => !prefixContains(clusterPrefix, networkOf(prefix))),
    ),
  );
