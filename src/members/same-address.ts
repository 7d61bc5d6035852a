import type { Address } from "../net/index.ts";
import { isConnected, type Known, type Member, type Members } from "./member.ts";

/** This node as others know it. Times are in milliseconds since 1970. */
interface Own {
  readonly nodeId: string;
  /** The KubeSpan address of this node. */
  readonly address: Address;
  readonly startedAt: number;
}

/**
 * The member to which this node has to leave its KubeSpan address; `undefined` if there is none. Of two members that
 * have the same one, the one that started later takes another. A member that cannot take another (a Talos node, or what
 * Kubernetes alone tells of) counts as the first. Both sides come to the same result, because both compare what each of
 * them announces. Only a member that is connected counts: what is left of this machine before it was installed anew
 * must not take its address.
 */
export function memberInTheWay(members: Members, own: Own, now: number): Member | undefined {
  for (const member of members.values()) {
    if (member.standing === "released" || member.claim.kubespan?.address !== own.address) continue;
    if (isConnected(member, now) && wasThereBefore(member, own)) return member;
  }
  return undefined;
}

function wasThereBefore({ nodeId, claim }: Known, own: Own): boolean {
  const { startedAt } = claim.membership ?? {};
  if (startedAt === undefined) return true;
  return startedAt < own.startedAt || (startedAt === own.startedAt && nodeId < own.nodeId);
}
