import { familyOf } from "../../net/index.ts";
import { type CandidateKind, classes } from "./kind.ts";

export const publicIPv4 = {
  name: "public-ipv4",
  class: classes.other,
  place: 500,
  recognize: ({ address }) => (familyOf(address) === 4 ? { reason: "a public IPv4 address" } : undefined),
} as const satisfies CandidateKind;
