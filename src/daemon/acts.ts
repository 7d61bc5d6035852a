import type { Routes } from "../api/index.ts";
import type { Membership } from "./membership.ts";
import type { Registries } from "./registries.ts";

/** The routes of the API that change who is a member, and what members have in common. */
export type Acts = Pick<Routes, "forget" | "evict" | "nextSecret" | "rotateSecret">;

/** What operators act on, as it is at the moment. */
interface Place {
  readonly membership: Membership;
  readonly registries: Pick<Registries, "takeOut">;
}

export const actsOn = (now: () => Place): Acts => ({
  // A node that comes later would take what the registries still say of the one that is gone for a member.
  forget: async (node) => {
    const forgotten = await now().membership.forget(node);
    const { nodeId } = forgotten;
    return nodeId === undefined
      ? forgotten
      : { ...forgotten, problems: await now().registries.takeOut(nodeId) };
  },
  evict: (statement) => now().membership.evict(statement),
  nextSecret: () => {
    const { membership } = now();
    return membership.secretChange.offer(membership.around);
  },
  rotateSecret: (statements, seconds) =>
    now().membership.secretChange.begin(statements.split("."), seconds, () => now().membership.around),
});
