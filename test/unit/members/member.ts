import type { Affiliate } from "../../../src/discovery/affiliate.ts";
import { networksClaimed } from "../../../src/members/claim.ts";
import type { Known, Member } from "../../../src/members/member.ts";

/** A member that said this of itself, sealed, at that time. */
export const memberOf = (sealed: Affiliate, at = 1_000, more: Partial<Known> = {}): Member => ({
  nodeId: sealed.nodeId,
  claim: sealed,
  revision: 0,
  sealed,
  number: sealed.membership?.number ?? 0,
  announcedAt: at,
  claimedSince: new Map(networksClaimed(sealed).map((prefix) => [prefix, at])),
  standing: "present",
  ...more,
});

export const membersOf = (...members: readonly Member[]): ReadonlyMap<string, Member> =>
  new Map(members.map((member) => [member.nodeId, member]));
