import type { Affiliate } from "../../../src/discovery/affiliate.ts";
import type { MemberClaim } from "../../../src/members/index.ts";

const revisions = new Map<Affiliate, number>();

/** Claims whose numbers are as those of members are: every affiliate that was made has one of its own. */
export const claimsOf = (affiliates: readonly Affiliate[]): MemberClaim[] =>
  affiliates.map((affiliate) => {
    const revision = revisions.get(affiliate) ?? revisions.size + 1;
    revisions.set(affiliate, revision);
    return { affiliate, revision };
  });
