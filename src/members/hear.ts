import { isDeepStrictEqual } from "node:util";
import type { Affiliate, Heard } from "../discovery/index.ts";
import { limits } from "../discovery/index.ts";
import { claimOf, withEndpointsOf } from "./claim.ts";
import type { Member } from "./member.ts";

/** The reasons for refusals that say nothing of the node itself, but of who tells of it. */
export const replayed =
  "its announcement is older than one that it made before: a service replays it, or was left behind";
export const otherKey = "its Node names another public key, while it is connected with the one it had";

/** The part of the registries' statements about a node that is believed. */
export interface Believed {
  readonly sealed: Affiliate | undefined;
  readonly unsealed: Affiliate | undefined;
  readonly claim: Affiliate;
  readonly number: number;
  /** Tells whether a registry names the node as one of the mesh now. */
  readonly isNamed: boolean;
  /** Tells whether a registry still has the node's affiliate, but hears nothing of its machine. */
  readonly isAway: boolean;
  /** The reasons why statements were not believed. */
  readonly refused: readonly string[];
}

interface Circumstances {
  readonly isConnected: boolean;
  readonly now: number;
  readonly isClockBehind: boolean;
}

/**
 * Weighs what the registries say of a node against what is known of it. `undefined` for a node that was no member
 * before and announces no key.
 */
export function believe(
  known: Member | undefined,
  heard: Heard | undefined,
  { isConnected, now, isClockBehind }: Circumstances,
): Believed | undefined {
  const refused: string[] = [];
  const latest = now + limits.aheadMs;
  const sealed = believeSealed(known, heard?.sealed, { now, latest, isClockBehind }, refused);
  const unsealed = believeUnsealed(known, heard, isConnected, refused);
  const base = claimOf(sealed.basis, unsealed.basis);
  const claim = base && sealed.beside ? withEndpointsOf(base, sealed.beside, isConnected) : base;
  if (!claim?.kubespan) return undefined;
  return {
    sealed: sealed.basis,
    unsealed: unsealed.basis,
    claim: known && isDeepStrictEqual(known.claim, claim) ? known.claim : claim,
    // A number that could not be judged must not shut out what the node announces when the clock is right again.
    number: Math.max(
      known?.number ?? 0,
      Math.min(sealed.basis?.membership?.number ?? 0, isClockBehind ? latest : Number.POSITIVE_INFINITY),
    ),
    isNamed: sealed.isNamed || unsealed.isNamed,
    isAway: heard?.isAway === true,
    refused,
  };
}

interface Part {
  /** The affiliate that counts from now on. */
  readonly basis: Affiliate | undefined;
  /** The affiliate that is used beside the basis for now. */
  readonly beside?: Affiliate;
  readonly isNamed: boolean;
}

/**
 * Decides about a sealed affiliate. Any member, present or former, has the cluster secret, and with it, or with a
 * sealed affiliate that it kept, it can put an old affiliate into a registry again. So a number that only grows tells
 * new from old. An affiliate without a number, of a member that had one, may come from a roll-back or from a replay: it
 * may add what does no harm, and takes nothing away.
 */
function believeSealed(
  known: Member | undefined,
  heard: Affiliate | undefined,
  { now, latest, isClockBehind }: { now: number; latest: number; isClockBehind: boolean },
  refused: string[],
): Part {
  const before = known?.sealed;
  if (heard === undefined) return { basis: before, isNamed: false };
  const number = heard.membership?.number;
  if (number !== undefined && number > latest && !isClockBehind) {
    const hours = Math.round((number - now) / 3_600_000);
    refused.push(
      `its announcement is dated ${hours} hours ahead of this node's clock: is one of the two wrong?`,
    );
    return { basis: before, isNamed: before !== undefined };
  }
  if (number !== undefined && number < (known?.number ?? 0)) {
    refused.push(replayed);
    return { basis: before, isNamed: false };
  }
  if (heard.kubespan === undefined) return { basis: before, isNamed: false };
  if (number === undefined && known !== undefined && known.number > 0 && before)
    return { basis: before, beside: heard, isNamed: true };
  return { basis: before && isDeepStrictEqual(before, heard) ? before : heard, isNamed: true };
}

/**
 * Decides about what Kubernetes says, for which nobody vouches: it cannot replace the key of a member that is
 * connected. Annotations never expire, so those of a machine of which Kubernetes hears nothing are a memory: they tell
 * what the node claims, but do not name it.
 */
function believeUnsealed(
  known: Member | undefined,
  said: Heard | undefined,
  isConnected: boolean,
  refused: string[],
): Part {
  const before = known?.unsealed;
  const { unsealed: heard, isAway = false } = said ?? {};
  if (heard?.kubespan === undefined) return { basis: before, isNamed: false };
  const key = before?.kubespan?.publicKey;
  if (!known?.sealed && isConnected && key !== undefined && key !== heard.kubespan.publicKey) {
    refused.push(otherKey);
    return { basis: before, isNamed: !isAway };
  }
  return { basis: before && isDeepStrictEqual(before, heard) ? before : heard, isNamed: !isAway };
}
