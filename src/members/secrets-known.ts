import { type ClusterIdentity, newestSecret } from "../config/index.ts";
import { secretName, secretNames } from "../discovery/index.ts";
import type { Warning } from "../marks/index.ts";
import { missing, type Rollout } from "../secret-change/index.ts";
import { labelOf, type Members } from "./member.ts";
import { seenOf } from "./secret-seen.ts";

const who = "cluster secret";

/** The largest number of members that the warning names. */
const mostNamed = 5;

const nobody = (): boolean => false;

/** The change of the secret that this node leads; absent for none. */
interface Led {
  readonly rollout?: Rollout | undefined;
  readonly now: number;
}

/**
 * The warning about a change of the cluster secret that is under way, which says what the next step is and names the
 * members that it waits for. Of secrets that stand in files no node can tell the old one from the new one: the operator
 * can.
 */
export function secretWarnings(cluster: ClusterIdentity, members: Members, led?: Led): Warning[] {
  const { change } = cluster;
  if (change && led?.rollout?.number === change.number)
    return ledWarnings(cluster, members, led.rollout, led.now);
  if (change && change.stage !== "finish") {
    const what =
      "is being changed by a command on another node, whose 'kubespan status' shows who is missing";
    return [{ who, what }];
  }
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
  return [{ who, what: `is being changed; ${next}` }];
}

/** What the node says that brings the secret to the others: who does not have it, and who joined with the old one since. */
function ledWarnings(cluster: ClusterIdentity, members: Members, rollout: Rollout, now: number): Warning[] {
  const left = missing(rollout, seenOf(members, cluster, nobody, now)).map(({ label }) => label);
  const cure = "print a token ('kubespan token') and give it to 'kubespan join' there";
  if (cluster.change?.stage === "finish")
    return left.length === 0 ? [] : [{ who, what: `was changed without ${listed(left)}: ${cure}` }];
  const asked = new Set(rollout.receivers.map(({ nodeId }) => nodeId));
  const name = secretName(newestSecret(cluster), cluster.id);
  const joined = [...members.values()].flatMap(({ nodeId, standing, claim }) =>
    standing !== "released" && !asked.has(nodeId) && !claim.membership?.secrets?.includes(name)
      ? labelOf(claim)
      : [],
  );
  const until = new Date(rollout.until).toISOString().replace(/:\d\d\.\d+Z$/, "Z");
  const waiting =
    left.length === 0
      ? "all members have it, and the old one is about to be forgotten"
      : `${listed(left)} does not have it yet: the old one is accepted until ${until}`;
  return [
    { who, what: `is being changed by a command here; ${waiting}` },
    ...(joined.length > 0
      ? [{ who, what: `does not come to ${listed(joined)}, which joined since: ${cure}` }]
      : []),
  ];
}

function listed(labels: readonly string[]): string {
  const named = labels.slice(0, mostNamed).join(", ");
  return labels.length > mostNamed ? `${named} and ${labels.length - mostNamed} more` : named;
}
