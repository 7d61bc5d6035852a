import type { Routes } from "../api/index.ts";
import type { Membership } from "./membership.ts";
import type { Registries } from "./registries.ts";

/** The routes of the API that change who is a member, and what members have in common. */
export type Acts = Pick<Routes, "forget" | "evict" | "nextSecret" | "rotateSecret">;

/** What operators do, on the members and the registries as they are at the moment. */
export const actsOn = (membership: () => Membership, registries: () => Registries): Acts => ({
  // A node that comes later would take what the registries still say of the one that is gone for a member.
  forget: async (node) => {
    const forgotten = await membership().forget(node);
    return { ...forgotten, problems: await registries().takeOut(forgotten.nodeId) };
  },
  evict: (statement) => membership().evict(statement),
  nextSecret: () => membership().secretChange.offer(membership().around),
  rotateSecret: (statements, seconds) =>
    membership().secretChange.begin(statements.split("."), seconds, () => membership().around),
});
