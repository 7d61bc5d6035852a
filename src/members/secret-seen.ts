import { type ClusterIdentity, newestSecret } from "../config/index.ts";
import { secretName } from "../discovery/index.ts";
import type { See } from "../secret-change/index.ts";
import type { IsEvicted } from "./evicted.ts";
import { isConnected, type Members } from "./member.ts";

/** Tells what is known of those that are to get the newest secret of a cluster. Who is evicted is gone. */
export function seenOf(members: Members, cluster: ClusterIdentity, isEvicted: IsEvicted, now: number): See {
  const next = secretName(newestSecret(cluster), cluster.id);
  return ({ nodeId, publicKey }) => {
    const member = members.get(nodeId);
    if (!member || member.standing === "released" || isEvicted(nodeId, publicKey)) return undefined;
    if (member.claim.kubespan?.publicKey !== publicKey) return undefined;
    const { number, sealed } = member;
    const { secrets = [] } = sealed?.membership ?? {};
    const shows = sealed && { knows: secrets.includes(next), seals: secrets[0] === next };
    return { isConnected: isConnected(member, now), number, ...(shows && { shows }) };
  };
}
