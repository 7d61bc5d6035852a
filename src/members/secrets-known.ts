import type { ClusterIdentity } from "../config/index.ts";
import { secretNames } from "../discovery/index.ts";
import type { Warning } from "../marks/index.ts";
import { labelOf, type Members } from "./member.ts";

/** The largest number of members that the warning names. */
const mostNamed = 5;

/**
 * The warning about a change of the cluster secret that is under way, which says what the next step is and names the
 * members that it waits for. No node can tell the old secret from the new one: the operator can.
 */
export function secretWarnings(cluster: ClusterIdentity, members: Members): Warning[] {
  const ours = secretNames(cluster);
  if (!ours) return [];
  const there = [...members.values()].filter(({ standing }) => standing !== "released");
  const theirs = (lacks: (names: readonly string[]) => boolean): string[] =>
    there.flatMap(({ claim }) => (lacks(claim.membership?.secrets ?? []) ? labelOf(claim) : []));
  const ignorant = theirs((names) => ours.some((name) => !names.includes(name)));
  const others = theirs((names) => names[0] !== ours[0]);
  const next =
    ignorant.length > 0
      ? `${listed(ignorant)} does not accept every secret that this node does: add it there, or take the old one out here`
      : others.length > 0
        ? `all members accept both, and ${listed(others)} seals with another one than this node: make the new one the ` +
          "clusterSecret everywhere"
        : "all members accept both, and seal with the same as this node: if that is the new one, take the old one out";
  return [{ who: "cluster secret", what: `is being changed; ${next}` }];
}

function listed(labels: readonly string[]): string {
  const named = labels.slice(0, mostNamed).join(", ");
  return labels.length > mostNamed ? `${named} and ${labels.length - mostNamed} more` : named;
}
