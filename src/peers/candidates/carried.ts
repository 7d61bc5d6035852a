import { classes, type StandInKind } from "./kind.ts";

/** A socket of this node that stands for a peer whose packets a discovery service carries (ADR 0024). */
export const carried = {
  name: "carried",
  class: classes.carried,
  reasonOf: (via) => `${via} carries the packets, where no UDP passes`,
} as const satisfies StandInKind;
