import type { CandidateKind } from "./kind.ts";

/**
 * Where the peer was last connected. Nobody may announce it: it can be the port that a router chose for the peer, learnt
 * from a handshake.
 */
export const lastWorking = {
  name: "last-working",
  class: "next",
  place: 200,
  recognize: ({ endpoint }, context) =>
    endpoint === context.lastWorking ? { reason: "connected there before" } : undefined,
  adds: (context) => (context.lastWorking === undefined ? [] : [context.lastWorking]),
} as const satisfies CandidateKind;
