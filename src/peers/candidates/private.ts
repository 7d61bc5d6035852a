import { isPrivate } from "../../net/index.ts";
import { type CandidateKind, classes } from "./kind.ts";

/** A private network that this node is not on. Something else may have the address here, or nothing. */
export const privateAddress = {
  name: "private",
  class: classes.other,
  place: 600,
  recognize: ({ address }) => (isPrivate(address) ? { reason: "a private address" } : undefined),
} as const satisfies CandidateKind;
