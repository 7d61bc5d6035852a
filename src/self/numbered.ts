import { isDeepStrictEqual } from "node:util";
import type { Affiliate, Membership } from "../discovery/index.ts";
import { limits } from "../discovery/index.ts";

/** An announcement of this node and its number. */
export interface Said {
  readonly affiliate: Affiliate;
  readonly number: number;
}

/** The facts that are sealed with the affiliate and do not change while the daemon runs. */
export interface Origin {
  /** The time at which the daemon started, in milliseconds since 1970. */
  readonly startedAt: number;
  /** A hash of what identifies the machine; empty where nothing does. */
  readonly machine: string;
}

/**
 * The announcement with the next number if its content is new. Endpoints do not count as content, because they travel
 * beside what is sealed. Other nodes refuse a number that is lower than one they have seen, so nobody can replay an old
 * announcement. `lastNumber` is the highest number that was seen under this node's id, so that forged numbers are
 * exceeded.
 */
export function numbered(
  affiliate: Affiliate,
  origin: Origin &
    Pick<Membership, "otherNetworks" | "relays" | "evictions" | "refusals" | "secrets" | "mapped">,
  before: Said | undefined,
  lastNumber: number,
  now: number,
  isClockBehind = false,
): Said {
  const isAhead = before !== undefined && before.number >= lastNumber;
  const { otherNetworks, relays, evictions, refusals, secrets, mapped } = before?.affiliate.membership ?? {};
  const isSame = isDeepStrictEqual(
    [
      plain(affiliate),
      origin.otherNetworks,
      origin.relays,
      origin.evictions,
      origin.refusals,
      origin.secrets,
      origin.mapped,
    ],
    [plain(before?.affiliate), otherNetworks, relays, evictions, refusals, secrets, mapped],
  );
  if (isAhead && isSame) {
    const { membership } = before.affiliate;
    return { ...before, affiliate: { ...affiliate, ...(membership && { membership }) } };
  }
  const number = nextNumber(Math.max(before?.number ?? 0, lastNumber), now, isClockBehind);
  return { affiliate: { ...affiliate, membership: { number, ...origin } }, number };
}

/**
 * The number after `last`, normally the time. A clock that was far ahead once and is correct again must not lock this
 * node out for as long as it was ahead. But a clock that is known to be behind says nothing of the last number.
 */
export const nextNumber = (last: number, now: number, isClockBehind = false): number =>
  last > now + limits.aheadMs && !isClockBehind ? now : Math.max(last + 1, now);

function plain(affiliate: Affiliate | undefined): unknown {
  const { membership: _number, kubespan, ...rest } = affiliate ?? {};
  return { ...rest, kubespan: kubespan && { ...kubespan, endpoints: [] } };
}
