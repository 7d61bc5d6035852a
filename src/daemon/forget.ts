import { KubespanError } from "../base/index.ts";
import type { Messenger } from "../members/effects/index.ts";
import { isConnected, type Leaving, labelOf, type Members } from "../members/index.ts";
import { parsePrefix } from "../net/index.ts";
import { recipientFor } from "./leave.ts";
import { oneNamed } from "./named-member.ts";
import type { LetGo, Unowned } from "./unowned.ts";

interface Forgetting {
  readonly members: Members;
  readonly messenger: Pick<Messenger, "tell">;
  /** The present time in milliseconds since 1970. */
  readonly now: number;
  readonly letGo: (nodeId: string, leaving: Leaving) => void;
  readonly unowned: Pick<Unowned, "letGo">;
  /** Asks for a step. */
  readonly wake: () => void;
}

/**
 * Lets go, because an operator says so, of a member, or of a network whose owner is not known. Throws
 * `KubespanError("usage")` if there is nothing of that name.
 */
export async function forgetNamed(name: string, forgetting: Forgetting): Promise<LetGo> {
  const network = parsePrefix(name);
  if (network === undefined) return forgetMember(name, forgetting);
  const forgotten = forgetting.unowned.letGo(network);
  forgetting.wake();
  return forgotten;
}

/**
 * Lets a member go because an operator says so, and asks the connected members to do the same. `name` is a node id, or a
 * name that only one member has. Throws `KubespanError("usage")` if there is no such member, or if it is connected.
 */
async function forgetMember(name: string, { members, messenger, now, letGo }: Forgetting): Promise<LetGo> {
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
