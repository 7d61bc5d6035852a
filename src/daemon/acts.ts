import type { Routes } from "../api/index.ts";
import type { Membership } from "./membership.ts";

/** The routes of the API that change who is a member, and what members have in common. */
export type Acts = Pick<Routes, "forget" | "evict" | "nextSecret" | "rotateSecret">;

/** What operators do, on the members as they are at the moment. */
export const actsOn = (membership: () => Membership): Acts => ({
  forget: (node) => membership().forget(node),
  evict: (statement) => membership().evict(statement),
  nextSecret: () => membership().secretChange.offer(membership().around),
  rotateSecret: (statements, seconds) =>
    membership().secretChange.begin(statements.split("."), seconds, () => membership().around),
});
