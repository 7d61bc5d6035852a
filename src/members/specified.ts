import { isDeepStrictEqual } from "node:util";
import { type Revised, revised, type SameFields } from "../base/index.ts";
import type { Affiliate } from "../discovery/index.ts";
import { askedPrefixes, type Reserved } from "./asked.ts";
import { contestText } from "./contests.ts";
import { type MemberNetworks, memberNetworks } from "./kinds.ts";
import { respecify } from "./respecify.ts";
import { type Made, makeSpecs, type OwnSide } from "./specs.ts";
import type { Standings } from "./standing.ts";

/** The claim of a member with the number of its last change. No member ever has one number for two claims. */
export interface MemberClaim {
  readonly affiliate: Affiliate;
  readonly revision: number;
}

/** The specs of the peers with their intermediate results, the kinds of their networks, and the source of all. */
export interface Specified extends Made {
  /** The kinds of networks by node id. */
  readonly kinds: ReadonlyMap<string, MemberNetworks>;
  readonly source: Source;
}

/** This node's side without what concerns single peers. */
type Fixed = Omit<OwnSide, "lastWorking">;

interface Source {
  readonly own: Revised<OwnSide>;
  readonly fixed: Revised<Fixed>;
  readonly reserved: Revised<Reserved>;
  /** The number of each claim, by node id. */
  readonly claims: ReadonlyMap<string, number>;
  /** The standings that decided the contests, as text. */
  readonly decidedBy: string;
}

const identical = (left: unknown, right: unknown): boolean => left === right;

const sameReserved: SameFields<Reserved> = {
  addresses: isDeepStrictEqual,
  advertisedPrefixes: isDeepStrictEqual,
  localNetworks: isDeepStrictEqual,
  yielded: isDeepStrictEqual,
  address: identical,
  clusterPrefix: identical,
  widestPrefix: isDeepStrictEqual,
  registries: isDeepStrictEqual,
};

const sameFixed: SameFields<Fixed> = {
  ...sameReserved,
  nodeId: identical,
  publicKey: identical,
  dial: isDeepStrictEqual,
  networks: isDeepStrictEqual,
  otherNetworks: isDeepStrictEqual,
};

export const sameOwnSide: SameFields<OwnSide> = {
  ...sameFixed,
  lastWorking: identical, // it has thousands of entries, and stays the same map until one changes
};

/**
 * The most members whose changes are decided one by one. Each costs a look at all that others claim, so those of many are
 * decided faster together.
 */
const mostChanged = 16;

/**
 * Makes the specs of peers from the claims of members. The result does not depend on the order of the claims. It is
 * `before` if that was made from the same, so a handshake of a member that contests nothing changes nothing. Where a few
 * members changed what concerns nobody else, the rest is taken from before.
 */
export function specify(
  claims: readonly MemberClaim[],
  side: OwnSide,
  standings: Standings,
  before?: Specified,
): Specified {
  const known = before?.source;
  const own = revised(known?.own, side, sameOwnSide);
  const fixed = revised<Fixed>(known?.fixed, side, sameFixed);
  const reserved = revised<Reserved>(known?.reserved, side, sameReserved);
  const isKnown = ({ affiliate, revision }: MemberClaim): boolean =>
    known?.claims.get(affiliate.nodeId) === revision;
  const base = isComparable(before, claims, fixed, standings) ? before : undefined;
  if (base && own.revision === base.source.own.revision && claims.every(isKnown)) return base;
  const source = { own, fixed, reserved };
  const updated = base && updatedBy(base, claims, side);
  if (updated) return { ...updated, source: { ...updated.source, ...source } };
  const mayKeep = known?.reserved.revision === reserved.revision;
  const kept = new Set(mayKeep ? claims.filter(isKnown).map(({ affiliate }) => affiliate.nodeId) : []);
  const affiliates = claims.map(({ affiliate }) => affiliate);
  const made = makeSpecs(affiliates, side, standings, (member) => {
    const asking = kept.has(member.nodeId) ? before?.asked.get(member.nodeId) : undefined;
    return asking ?? askedPrefixes(member, side);
  });
  return {
    ...made,
    kinds: memberNetworks(made.specs.peers, affiliates, side.otherNetworks),
    source: {
      ...source,
      claims: new Map(claims.map(({ affiliate, revision }) => [affiliate.nodeId, revision])),
      decidedBy: contestText(made.contests, standings),
    },
  };
}

/** Whether specs were made of as many members, with the same facts about this node, and contests that end the same way. */
const isComparable = (
  before: Specified | undefined,
  claims: readonly MemberClaim[],
  fixed: Revised<Fixed>,
  standings: Standings,
): boolean =>
  before !== undefined &&
  before.source.claims.size === claims.length &&
  before.source.fixed.revision === fixed.revision &&
  before.source.decidedBy === contestText(before.contests, standings);

/** The specs after some members changed; `undefined` if that may concern others, or there are others than before. */
function updatedBy(before: Specified, claims: readonly MemberClaim[], side: OwnSide): Specified | undefined {
  const { source } = before;
  const changed = claims.filter(
    ({ affiliate, revision }) =>
      source.claims.get(affiliate.nodeId) !== revision || isElsewhere(affiliate, side, source.own.value),
  );
  if (changed.length > mostChanged) return undefined;
  let made: Made = before;
  for (const { affiliate } of changed) {
    const next = source.claims.has(affiliate.nodeId) ? respecify(made, affiliate, side) : undefined;
    if (!next) return undefined;
    made = next;
  }
  const affiliates = changed.map(({ affiliate }) => affiliate);
  const ids = new Set(affiliates.map(({ nodeId }) => nodeId));
  const peers = made.specs.peers.filter(({ nodeId }) => ids.has(nodeId));
  const kinds = memberNetworks(peers, affiliates, side.otherNetworks);
  const revisions = changed.map(({ affiliate, revision }) => [affiliate.nodeId, revision] as const);
  return {
    ...made,
    kinds: new Map([...before.kinds, ...kinds]),
    source: { ...source, claims: new Map([...source.claims, ...revisions]) },
  };
}

/** Whether a member was connected at another endpoint last than when the specs were made. */
function isElsewhere({ kubespan }: Affiliate, { lastWorking }: OwnSide, before: OwnSide): boolean {
  const key = kubespan?.publicKey;
  const isSame = before.lastWorking === lastWorking || key === undefined;
  return !isSame && before.lastWorking.get(key) !== lastWorking.get(key);
}
