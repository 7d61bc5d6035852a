import type { Affiliate, Heard } from "../discovery/index.ts";
import { labelOf, type Member, type Members } from "./member.ts";

/** Tells whether an operator keeps out who has this id or this key. */
export type IsEvicted = (nodeId: string, publicKey: string | undefined) => boolean;

/** What an operator's evictions leave of what is known and heard. */
interface KeptOut {
  /** The statements of registries without those that are about evicted nodes. */
  readonly heard: readonly Heard[];
  /** The ids of the members that are to be let go, connected or not. */
  readonly evicted: ReadonlySet<string>;
  readonly refused: readonly { readonly nodeId: string; readonly label: string; readonly reason: string }[];
}

const evictedWhy = "an operator evicted it";

const keyOf = (said: Affiliate | undefined): string | undefined => said?.kubespan?.publicKey;

/**
 * Takes out who is evicted, unless operators keep nobody out. What names an evicted key counts as not heard, whosever id it bears: with the cluster
 * secret, the holder of the key can announce it under any id, also under that of another member.
 */
export function keptOut(
  members: Members,
  heard: readonly Heard[],
  isEvicted: IsEvicted | undefined,
): KeptOut {
  if (!isEvicted) return { heard, evicted: new Set(), refused: [] };
  const evicted = [...members.values()].filter(({ nodeId, claim }) => isEvicted(nodeId, keyOf(claim)));
  const ids = new Set(evicted.map(({ nodeId }) => nodeId));
  const refused: KeptOut["refused"][number][] = [];
  const kept = heard.flatMap((each): Heard[] => {
    const rest = withoutKeys(each, (key) => isEvicted(each.nodeId, key));
    if (rest === each && !ids.has(each.nodeId)) return [each];
    const { nodeId, sealed, unsealed } = each;
    const said = sealed ?? unsealed;
    if (said) refused.push({ nodeId, label: labelOf(said), reason: evictedWhy });
    return rest && !ids.has(nodeId) ? [rest] : [];
  });
  return { heard: kept, evicted: ids, refused };
}

/** What is heard of a node without the parts that name an evicted key; `undefined` if nothing is left. */
function withoutKeys(heard: Heard, isOut: (key: string | undefined) => boolean): Heard | undefined {
  const { nodeId, sealed, unsealed, isAway } = heard;
  const [noSeal, noNode] = [sealed && isOut(keyOf(sealed)), unsealed && isOut(keyOf(unsealed))];
  if (!noSeal && !noNode) return heard;
  if ((noSeal || !sealed) && (noNode || !unsealed)) return undefined;
  return {
    nodeId,
    ...(sealed && !noSeal && { sealed }),
    ...(unsealed && !noNode && { unsealed, ...(isAway && { isAway }) }),
  };
}

/** The member, let go until the eviction is lifted and a registry names it again. */
export const letOut = (member: Member, now: number): Member =>
  member.standing === "released" && member.why === evictedWhy
    ? member
    : { ...member, standing: "released", since: now, why: evictedWhy, until: "named" };
