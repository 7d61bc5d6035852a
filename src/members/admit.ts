import { type Affiliate } from "../discovery/index.ts";
import { type Address, hostPrefix, type Prefix, prefixContains } from "../net/index.ts";
import type { Member } from "./asked.ts";
import { labelOf } from "./labels.ts";
import type { Claim } from "./prefix-claim.ts";
import { compareClaims, type Standings } from "./standing.ts";

export interface RefusedMember {
  readonly nodeId: string;
  readonly label: string;
  readonly reason: string;
}

export interface Admitted {
  /** The members that were admitted, in the order of their node ids. */
  readonly members: readonly Member[];
  readonly refused: readonly RefusedMember[];
  /** The members whose public key another member claims, too. */
  readonly rivals: readonly Member[];
}

const isMember = (affiliate: Affiliate): affiliate is Member => affiliate.kubespan !== undefined;

/**
 * Admits the members whose public key is unique, because WireGuard knows its peers by their keys. When two members have
 * the same one, the member with the better standing is admitted. Nothing else that two members have in common keeps one
 * of them out: a KubeSpan address is granted like any other address.
 */
export function admit(
  affiliates: readonly Affiliate[],
  own: { readonly publicKey: string; readonly clusterPrefix: Prefix },
  standings: Standings,
): Admitted {
  const candidates = affiliates.filter(isMember).sort(byNodeId);
  const rivals = rivalsAmong(candidates);
  const claims = new Map<Member, Claim>(rivals.map((rival) => [rival, claimOf(rival)]));
  const rank = (member: Member): Claim => claims.get(member) ?? claimOf(member);
  const served = [...rivals].sort((left, right) => compareClaims(rank(left), rank(right), standings));
  const keys = new Map([[own.publicKey, "this node"]]);
  const reasons = new Map<Member, string>();
  // Members without a rival can only collide with this node, so their order does not matter.
  for (const member of [...served, ...candidates.filter((each) => !claims.has(each))]) {
    const { publicKey, address } = member.kubespan;
    const reason = refusal(address, keys.get(publicKey), own.clusterPrefix);
    if (reason === undefined) keys.set(publicKey, labelOf(member));
    else reasons.set(member, reason);
  }
  return {
    members: candidates.filter((member) => !reasons.has(member)),
    refused: candidates.flatMap((member) => {
      const reason = reasons.get(member);
      return reason === undefined ? [] : [{ nodeId: member.nodeId, label: labelOf(member), reason }];
    }),
    rivals,
  };
}

const byNodeId = (left: Affiliate, right: Affiliate): number => (left.nodeId < right.nodeId ? -1 : 1);

const claimOf = (member: Member): Claim => ({
  nodeId: member.nodeId,
  label: labelOf(member),
  prefix: hostPrefix(member.kubespan.address),
  isAddress: true,
});

function rivalsAmong(members: readonly Member[]): Member[] {
  const count = new Map<string, number>();
  for (const { kubespan } of members) count.set(kubespan.publicKey, (count.get(kubespan.publicKey) ?? 0) + 1);
  return members.filter(({ kubespan }) => (count.get(kubespan.publicKey) ?? 0) > 1);
}

function refusal(address: Address, keyOwner: string | undefined, cluster: Prefix): string | undefined {
  if (!prefixContains(cluster, address))
    return `its KubeSpan address ${address} is not in this cluster's network ${cluster}`;
  return keyOwner === undefined ? undefined : `its public key is already that of ${keyOwner}`;
}
