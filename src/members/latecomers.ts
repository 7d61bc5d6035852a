import { type ClusterIdentity, newestSecret } from "../config/index.ts";
import { type Heard, secretName } from "../discovery/index.ts";
import { labelOf, type Members } from "./member.ts";

interface WithoutLatecomers {
  readonly heard: readonly Heard[];
  readonly refused: readonly { readonly nodeId: string; readonly label: string; readonly reason: string }[];
}

const lateWhy = "it joins with the cluster secret that is being replaced: give it a token of now";

/**
 * What is heard without nodes that join with the old secret once all seal with the new one. It is still accepted for the
 * sake of members that were away, and who was put out could come back by it under another id, with another key.
 */
export function withoutLatecomers(
  heard: readonly Heard[],
  members: Members,
  cluster: ClusterIdentity,
): WithoutLatecomers {
  if (cluster.change?.stage !== "seal") return { heard, refused: [] };
  const name = secretName(newestSecret(cluster), cluster.id);
  const refused: WithoutLatecomers["refused"][number][] = [];
  const kept = heard.flatMap((each): Heard[] => {
    const { sealed, ...rest } = each;
    if (!sealed || members.has(each.nodeId) || sealed.membership?.secrets?.includes(name)) return [each];
    refused.push({ nodeId: each.nodeId, label: labelOf(sealed), reason: lateWhy });
    return rest.unsealed ? [rest] : [];
  });
  return { heard: kept, refused };
}
