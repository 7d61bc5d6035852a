import type { Forgotten } from "../api/index.ts";
import { KubespanError } from "../base/index.ts";
import type { Messenger } from "../members/effects/index.ts";
import { isConnected, type Leaving, labelOf, type Members } from "../members/index.ts";
import { recipientFor } from "./leave.ts";
import { oneNamed } from "./named-member.ts";

interface Forgetting {
  readonly members: Members;
  readonly messenger: Pick<Messenger, "tell">;
  /** The present time in milliseconds since 1970. */
  readonly now: number;
  readonly letGo: (nodeId: string, leaving: Leaving) => void;
}

/**
 * Lets a member go because an operator says so, and asks the connected members to do the same. `name` is a node id, or a
 * name that only one member has. Throws `KubespanError("usage")` if there is no such member, or if it is connected.
 */
export async function forgetMember(
  name: string,
  { members, messenger, now, letGo }: Forgetting,
): Promise<Omit<Forgotten, "problems">> {
  const member = oneNamed(name, members);
  if (isConnected(member, now))
    throw new KubespanError("usage", `${name} is connected: it is not forgotten`, {
      hint: "only a node that is gone can be; to take it out of the mesh, run 'kubespan down' on it",
    });
  const { nodeId, number, claim } = member;
  letGo(nodeId, { why: "the operator said so", number, at: now });
  const others = [...members.values()].filter((each) => isConnected(each, now));
  const told = await messenger.tell(others.flatMap(recipientFor), { kind: "forget", nodeId, number });
  return { nodeId, label: labelOf(claim), asked: others.length, heard: told.size };
}
