import { isDeepStrictEqual } from "node:util";
import { mostRefusals, type Refusal, type RefusedAffiliate, unopened } from "../discovery/index.ts";
import type { Warning } from "../marks/index.ts";
import { placeFor } from "./harvest.ts";
import { otherKey, replayed } from "./hear.ts";
import { labelOf } from "./member.ts";
import type { MemberClaim } from "./specified.ts";
import type { Standings } from "./standing.ts";

/** The refusals that this node announces, and the time at which they last changed. */
export interface ToldRefusals {
  readonly at: number;
  readonly refusals: readonly Refusal[];
}

export const noRefusals: ToldRefusals = { at: Number.NEGATIVE_INFINITY, refusals: [] };

/** The number of members that tell a node that it is refused. Were it all of them, one bad record would make all announce. */
const tellers = 2;

/** The least time in milliseconds between two changes: whoever changes a bad record again and again must not make others announce as often. */
const changeEveryMs = 60_000;

/** The reasons that are no use to the node: it has another secret and cannot read them, or it is not the cause. */
const untold: ReadonlySet<string> = new Set([unopened, replayed, otherKey]);

/**
 * The refusals that this node announces, so that a node whose announcement others do not take learns of it: on its own
 * side, all may look well. Of each node the same few members tell, in an order that differs for each.
 */
export function refusalsToTell(
  refused: readonly RefusedAffiliate[],
  { own, members }: { readonly own: string; readonly members: readonly string[] },
  before: ToldRefusals,
  now: number,
): ToldRefusals {
  const isMine = (nodeId: string): boolean => {
    const mine = placeFor(own, nodeId);
    return members.filter((other) => other !== nodeId && placeFor(other, nodeId) < mine).length < tellers;
  };
  const whole = refused.filter(({ partly, reason }) => partly !== true && !untold.has(reason));
  const reasons = new Map(whole.map(({ nodeId, reason }) => [nodeId, reason]));
  const refusals = [...reasons]
    .filter(([nodeId]) => isMine(nodeId))
    .map(([nodeId, reason]): Refusal => ({ nodeId, reason }))
    .sort((left, right) => (left.nodeId < right.nodeId ? -1 : 1))
    .slice(0, mostRefusals);
  if (isDeepStrictEqual(refusals, before.refusals)) return before;
  return now >= before.at && now - before.at < changeEveryMs ? before : { at: now, refusals };
}

/** The refusals of this node that others announce, each by the name of who refuses it. Only members that a registry names count. */
export const refusalsOf = (
  own: string,
  claims: readonly MemberClaim[],
  standings: Standings,
): { readonly label: string; readonly reason: string }[] =>
  claims.flatMap(({ affiliate }) =>
    standings.get(affiliate.nodeId)?.isNamed === true
      ? (affiliate.membership?.refusals ?? [])
          .filter(({ nodeId }) => nodeId === own)
          .map(({ reason }) => ({ label: labelOf(affiliate), reason }))
      : [],
  );

/** The warning of a node whose announcement others refuse. A few tell for all that refuse it. */
export const refusalWarnings = (refusals: ReturnType<typeof refusalsOf>): Warning[] =>
  [...Map.groupBy(refusals, ({ reason }) => reason)].map(([reason, by]) => ({
    who: "this node",
    what:
      `is refused by others, as ${by.map(({ label }) => label).join(" and ")} ${by.length > 1 ? "say" : "says"}: ${reason}. ` +
      "Until that is mended here, they do not take what this node announces",
  }));
