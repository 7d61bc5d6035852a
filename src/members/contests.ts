import { hostPrefix, type Prefix } from "../net/index.ts";
import type { Member } from "./asked.ts";
import type { Taking } from "./claims.ts";
import type { Claim } from "./prefix-claim.ts";
import { type Standings, standingText } from "./standing.ts";

/** The prefixes that a member claims and another member claims, too, by node id. */
export type Contests = ReadonlyMap<string, readonly Prefix[]>;

/** Finds the contests among claims. The `rivals` claim each other's public key. */
export function contestsAmong(claims: readonly Claim[], rivals: readonly Member[]): Contests {
  const contests = new Map<string, Prefix[]>();
  const add = (nodeId: string, prefix: Prefix): void => {
    contests.set(nodeId, [...(contests.get(nodeId) ?? []), prefix]);
  };
  const first = new Map<Prefix, Claim>();
  for (const claim of claims) {
    const other = first.get(claim.prefix);
    if (other === undefined) first.set(claim.prefix, claim);
    else {
      add(claim.nodeId, claim.asked ?? claim.prefix);
      add(other.nodeId, other.asked ?? other.prefix);
    }
  }
  for (const { nodeId, kubespan } of rivals) add(nodeId, hostPrefix(kubespan.address));
  return contests;
}

/**
 * The times, by node id, since which another connected member claims what the member owns. A virtual IP that failed over
 * is announced by its new holder while the old one still counts as connected, so the old one is worth asking. Times that
 * this clock has not reached yet say nothing.
 */
export function contestedSince(
  takings: readonly Taking[],
  standings: Standings,
  now: number,
): ReadonlyMap<string, number> {
  const latest = new Map<string, number>();
  for (const { taker, loser, of } of takings) {
    const other = standings.get(loser.nodeId);
    const at = other?.isConnected === true ? other.claimedSince.get(loser.asked ?? loser.prefix) : undefined;
    if (of !== "the same" || at === undefined || at > now) continue;
    latest.set(taker.nodeId, Math.max(at, latest.get(taker.nodeId) ?? 0));
  }
  return latest;
}

/** The owners that are contested since the last look, by node id: by nobody before, or by somebody else. */
export const contestedAnew = (
  before: ReadonlyMap<string, number>,
  contested: ReadonlyMap<string, number>,
): string[] => [...contested].flatMap(([nodeId, at]) => (before.get(nodeId) === at ? [] : nodeId));

/** All of the standings that can decide these contests, as text. The owners stay the same as long as the text does. */
export const contestText = (contests: Contests, standings: Standings): string =>
  [...contests]
    .map(([nodeId, prefixes]) => `${nodeId} ${standingText(standings.get(nodeId), prefixes)}`)
    .join("\n");
