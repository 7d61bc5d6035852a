import { classes, type StandInKind } from "./kind.ts";

/** The endpoint of a member that passes packets on between two others (ADR 0022). The peer is not there itself. */
export const relayed = {
  name: "relayed",
  class: classes.relayed,
  reasonOf: (via) => `${via} relays`,
} as const satisfies StandInKind;
