import type { CauseKind } from "../evidence.ts";

/** A peer that is seen now here, now there, is probably two machines. */
export const goingBetween: CauseKind = {
  name: "going-between",
  findIn: ({ between }) =>
    between && {
      what: `it goes back and forth between ${between[0]} and ${between[1]}: a copy of it may run, with the same identity`,
      cure: "on the copy: kubespan down --forget-identity",
    },
};
