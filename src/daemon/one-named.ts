import { KubespanError } from "../base/index.ts";
import { labelOf, type Member, type Members } from "../members/index.ts";

/** The member with that node id, or with a name that only it has. Throws `KubespanError("usage")` if there is no such one. */
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
      hint: 'name its node id; "kubespan status -o json" lists them',
    },
  );
}
