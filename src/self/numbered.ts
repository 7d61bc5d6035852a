import { isDeepStrictEqual } from "node:util";
import type { Affiliate, Membership } from "../discovery/index.ts";
import { limits } from "../discovery/index.ts";

/** What this node announces, with the number under which it does. */
export interface Said {
  readonly affiliate: Affiliate;
  readonly number: number;
}

/** What is sealed beside the affiliate itself, and does not change while the daemon runs. */
export interface Origin {
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** A hash of what identifies the machine; empty where nothing does. */
  readonly machine: string;
}

/**
 * Gives what this node announces the next number where it says something new; endpoints, which travel beside what is
 * sealed, are none. Others refuse a lower number than they have seen, so an old announcement cannot be put in place of
 * this one. `lastNumber` is the highest that was heard under this node's id: what somebody else made up is outdone.
 */
export function numbered(
  affiliate: Affiliate,
  origin: Origin & Pick<Membership, "otherNetworks">,
  before: Said | undefined,
  lastNumber: number,
  now: number,
): Said {
  const isAhead = before !== undefined && before.number >= lastNumber;
  const said = before?.affiliate.membership?.otherNetworks;
  const isSame = isDeepStrictEqual(
    [plain(affiliate), origin.otherNetworks],
    [plain(before?.affiliate), said],
  );
  if (isAhead && isSame) {
    const { membership } = before.affiliate;
    return { ...before, affiliate: { ...affiliate, ...(membership && { membership }) } };
  }
  const number = nextNumber(Math.max(before?.number ?? 0, lastNumber), now);
  return { affiliate: { ...affiliate, membership: { number, ...origin } }, number };
}

/** A clock that was far ahead once, and is right again, must not shut this node out for as long as it was ahead. */
export const nextNumber = (last: number, now: number): number =>
  last > now + limits.aheadMs ? now : Math.max(last + 1, now);

function plain(affiliate: Affiliate | undefined): unknown {
  const { membership: _number, kubespan, ...rest } = affiliate ?? {};
  return { ...rest, kubespan: kubespan && { ...kubespan, endpoints: [] } };
}
