import { type CandidateKind, classes } from "./kind.ts";

/**
 * An address that other members list as their own, too: an anycast address, a virtual one while it moves, or that of a
 * machine that was installed anew. Who answers there is anybody's guess, so it is tried late, and no peer is moved there
 * because it looks near.
 */
export const listedBySeveral = {
  name: "listed-by-several",
  class: classes.other,
  place: 650,
  recognize: ({ address }, { shared }) =>
    shared.has(address) ? { reason: "an address that other members list as well" } : undefined,
} as const satisfies CandidateKind;
