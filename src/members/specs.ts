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
import { type Contests, contestsAmong, contestText } from "./contests.ts";
import { labelOf, someOf } from "./labels.ts";
import type { Standings } from "./standing.ts";
import { takingWarnings } from "./takings.ts";
import { servedInAll } from "./total.ts";

/** What this node keeps for itself, whatever a peer says. Plain data but for `lastWorking`: it is compared as JSON. */
export interface OwnSide extends Reserved {
  readonly nodeId: string;
  readonly publicKey: string;
  readonly address: Address;
  readonly dial: DialRules;
  /** Networks that this node's links are on. */
  readonly networks: readonly Prefix[];
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

/** From what specs were made; `side` is all of this node's side but where peers were last connected. */
interface Source {
  readonly affiliates: readonly Affiliate[];
  readonly side: string;
  readonly lastWorking: OwnSide["lastWorking"];
}

/** What was made of a source, and what of the standings decided about it. */
interface Made extends Source {
  readonly contests: Contests;
  readonly decidedBy: string;
}

const sources = new WeakMap<PeerSpecs, Made>();

/**
 * Peers from affiliates (reference section 6): allowed IPs are addresses and additional addresses, without what the
 * peer excludes, and the ULA. Who owns what two of them claim alike is decided by their standings, by node id (ADR 0015).
 * The result does not depend on the order of the affiliates, and is `before` where that was made from the same: a handshake
 * of a member that contests nothing changes nothing.
 */
export function peerSpecs(
  affiliates: readonly Affiliate[],
  own: OwnSide,
  standings: Standings = new Map(),
  before?: PeerSpecs,
): PeerSpecs {
  const { lastWorking, ...rest } = own;
  const source: Source = { affiliates, side: JSON.stringify(rest), lastWorking };
  const made = before && sources.get(before);
  if (before && made && isSame(source, made) && made.decidedBy === contestText(made.contests, standings))
    return before;
  const { specs, contests } = specsFrom(source, own, standings);
  sources.set(specs, { ...source, contests, decidedBy: contestText(contests, standings) });
  return specs;
}

const isSame = (left: Source, right: Source): boolean =>
  left.side === right.side &&
  left.lastWorking === right.lastWorking &&
  left.affiliates.length === right.affiliates.length &&
  left.affiliates.every((affiliate, index) => affiliate === right.affiliates[index]);

function specsFrom(
  { affiliates, side }: Source,
  own: OwnSide,
  standings: Standings,
): { specs: PeerSpecs; contests: Contests } {
  const { members, refused, rivals } = admit(affiliates, own, standings);
  const asked = members.map((member) => ({ member, ...askedBefore(member, own, side) }));
  const asking = asked.map(({ member: { nodeId }, claims }) => ({ nodeId, claims }));
  const served = servedInAll(asking);
  const { grants, owned, takings } = grantClaims(served.claims, standings);
  const ownAddresses = new Set(own.addresses);
  const routed = routedPrefixes(owned, own.advertisedPrefixes);
  const peers = asked.map(({ member, refused: refusedPrefixes }) => {
    const { nodeId, kubespan } = member;
    const grant = grants.get(nodeId);
    return {
      nodeId,
      label: labelOf(member),
      publicKey: kubespan.publicKey,
      address: kubespan.address,
      allowedIPs: grant?.prefixes ?? [],
      refusedPrefixes: someOf([
        ...refusedPrefixes,
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
  return { specs, contests: contestsAmong(served.claims, rivals) };
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

/** What was asked for by affiliates that are still known; `side` is this node's side, on which it depends too. */
const known = new WeakMap<Member, Asked & { readonly side: string }>();

/** Affiliates that did not change stay the same objects: work is done for those that did. */
function askedBefore(member: Member, own: OwnSide, side: string): Asked {
  const before = known.get(member);
  if (before?.side === side) return before;
  const asked = askedPrefixes(member, own);
  known.set(member, { ...asked, side });
  return asked;
}
