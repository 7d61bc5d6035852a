import type { Secret } from "../base/index.ts";
import type { ClusterIdentity } from "../config/index.ts";
import { knowsNone, secretOfPair } from "../discovery/index.ts";
import type { Members } from "./member.ts";
import type { NextKeys } from "./next-key.ts";

/**
 * The preshared keys of the tunnels with members, by public key, while the cluster secret is being changed; `undefined`
 * where this node knows one secret alone.
 */
export function presharedKeysOf(
  cluster: ClusterIdentity,
  members: Members,
  next: NextKeys,
): ReadonlyMap<string, Secret> | undefined {
  if (!cluster.accepted) return undefined;
  const keys = new Map<string, Secret>();
  for (const { nodeId, claim } of members.values()) {
    const secret = secretOfPair(cluster, claim.membership?.secrets);
    for (const key of [claim.kubespan?.publicKey, next.get(nodeId)?.publicKey])
      if (key) keys.set(key, secret);
  }
  return keys;
}

/**
 * The public keys of members that know none of this node's secrets, as they say or as what they announced was sealed. A
 * session that one of them made with a secret that was forgotten since would go on for three minutes.
 */
export const strangersAmong = (cluster: ClusterIdentity, members: Members): ReadonlySet<string> =>
  new Set(
    [...members.values()].flatMap(({ claim: { kubespan, membership } }) =>
      kubespan && knowsNone(cluster, membership?.secrets) ? kubespan.publicKey : [],
    ),
  );
