import { prefixContains } from "../../net/index.ts";
import { type CandidateKind, classes } from "./kind.ts";

/** What the operator prefers, in the order of `dial.prefer`. */
export const preferred = {
  name: "preferred",
  class: classes.preferred,
  place: 100,
  recognize: ({ address }, { dial }) => {
    const rank = dial.prefer.findIndex((prefix) => prefixContains(prefix, address));
    return rank < 0 ? undefined : { reason: `in ${dial.prefer[rank]} of dial.prefer`, rank };
  },
} as const satisfies CandidateKind;
