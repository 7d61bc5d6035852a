import { type CandidateKind, classes } from "./kind.ts";
import { routeTo } from "./routes.ts";

/**
 * A public address inside a network that was granted to another member. It is tried last, and not refused: a member that
 * asks for a wide network must not take from all others where they are dialled (ADR 0015).
 */
export const claimedByAnother = {
  name: "claimed-by-another",
  class: classes.other,
  place: 700,
  recognize: ({ address }, context) => {
    const route = routeTo(address, context);
    return route?.leads === "to another member" ? { reason: route.reason } : undefined;
  },
} as const satisfies CandidateKind;
