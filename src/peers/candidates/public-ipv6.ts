import { familyOf } from "../../net/index.ts";
import { type CandidateKind, classes } from "./kind.ts";

/** Before public IPv4: behind a public IPv6 address there is seldom a NAT. */
export const publicIPv6 = {
  name: "public-ipv6",
  class: classes.other,
  place: 400,
  recognize: ({ address }) => (familyOf(address) === 6 ? { reason: "a public IPv6 address" } : undefined),
} as const satisfies CandidateKind;
