import { isDeepStrictEqual } from "node:util";
import { type Revised, revised, type SameFields } from "../base/index.ts";
import type { Affiliate } from "../discovery/index.ts";
import { type Asked, askedPrefixes, type Reserved } from "./asked.ts";
import type { Taking } from "./claims.ts";
import { type Contests, contestText } from "./contests.ts";
import { type MemberNetworks, memberNetworks } from "./kinds.ts";
import { makeSpecs, type OwnSide, type PeerSpecs } from "./specs.ts";
import type { Standings } from "./standing.ts";

/** The claim of a member with the number of its last change. No member ever has one number for two claims. */
export interface MemberClaim {
  readonly affiliate: Affiliate;
  readonly revision: number;
}

/** The specs of the peers, the kinds of their networks, and the source of both. */
export interface Specified {
  readonly specs: PeerSpecs;
  /** The kinds of networks by node id. */
  readonly kinds: ReadonlyMap<string, MemberNetworks>;
  readonly source: Source;
}

interface Source {
  readonly own: Revised<OwnSide>;
  readonly reserved: Revised<Reserved>;
  /** The number of each claim, by node id. */
  readonly claims: ReadonlyMap<string, number>;
  /** The networks that each member asks for, by node id. They are worked out again only for members that changed. */
  readonly asked: ReadonlyMap<string, Asked>;
  readonly contests: Contests;
  readonly takings: readonly Taking[];
  /** The standings that decided the contests, as text. */
  readonly decidedBy: string;
}

const identical = (left: unknown, right: unknown): boolean => left === right;

const sameReserved: SameFields<Reserved> = {
  addresses: isDeepStrictEqual,
  advertisedPrefixes: isDeepStrictEqual,
  localNetworks: isDeepStrictEqual,
  address: identical,
  clusterPrefix: identical,
  widestPrefix: isDeepStrictEqual,
  registries: isDeepStrictEqual,
};

export const sameOwnSide: SameFields<OwnSide> = {
  ...sameReserved,
  nodeId: identical,
  publicKey: identical,
  dial: isDeepStrictEqual,
  networks: isDeepStrictEqual,
  otherNetworks: isDeepStrictEqual,
  lastWorking: identical, // it has thousands of entries, and stays the same map until one changes
};

/**
 * Makes the specs of peers from the claims of members. The result does not depend on the order of the claims. It is
 * `before` if that was made from the same, so a handshake of a member that contests nothing changes nothing.
 */
export function specify(
  claims: readonly MemberClaim[],
  side: OwnSide,
  standings: Standings,
  before?: Specified,
): Specified {
  const known = before?.source;
  const own = revised(known?.own, side, sameOwnSide);
  const reserved = revised<Reserved>(known?.reserved, side, sameReserved);
  const isKnown = ({ affiliate, revision }: MemberClaim): boolean =>
    known?.claims.get(affiliate.nodeId) === revision;
  const isSame = known?.own.revision === own.revision && known.claims.size === claims.length;
  if (before && isSame && claims.every(isKnown)) {
    if (before.source.decidedBy === contestText(before.source.contests, standings)) return before;
  }
  const mayKeep = known?.reserved.revision === reserved.revision;
  const kept = new Set(mayKeep ? claims.filter(isKnown).map(({ affiliate }) => affiliate.nodeId) : []);
  const affiliates = claims.map(({ affiliate }) => affiliate);
  const { specs, asked, contests, takings } = makeSpecs(affiliates, side, standings, (member) => {
    const asking = kept.has(member.nodeId) ? known?.asked.get(member.nodeId) : undefined;
    return asking ?? askedPrefixes(member, side);
  });
  return {
    specs,
    kinds: memberNetworks(specs.peers, affiliates, side.otherNetworks),
    source: {
      own,
      reserved,
      claims: new Map(claims.map(({ affiliate, revision }) => [affiliate.nodeId, revision])),
      asked,
      contests,
      takings,
      decidedBy: contestText(contests, standings),
    },
  };
}
