import { KubespanError } from "../base/index.ts";
import { isConnected, labelOf, type Member, type Members } from "../members/index.ts";
import type { Address } from "../net/index.ts";

/**
 * The one member that has this node id or name, of those that were not let go. Throws `KubespanError("usage")` if there is
 * none, or more than one.
 */
export function oneNamed(name: string, members: Members): Member {
  const known = [...members.values()].filter(({ standing }) => standing !== "released");
  const found = known.filter(
    ({ nodeId, claim }) => nodeId === name || [claim.nodeName, claim.hostname, labelOf(claim)].includes(name),
  );
  const [member, another] = found;
  if (member && !another) return member;
  throw new KubespanError(
    "usage",
    `${found.length === 0 ? "no member" : "more than one member"} goes by ${name}`,
    {
      hint: "name its node id; 'kubespan status -o json' lists them",
    },
  );
}

/** The member with that KubeSpan address. Of several, such as a machine and its former identity, the one that lives. */
export function memberAt(address: Address, members: Members, now: number): Member | undefined {
  const there = [...members.values()].filter(
    ({ standing, claim }) => standing !== "released" && claim.kubespan?.address === address,
  );
  return there.find((each) => isConnected(each, now)) ?? there[0];
}
