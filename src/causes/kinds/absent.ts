import { age } from "../../base/index.ts";
import type { CauseKind } from "../evidence.ts";

/** A member that no registry names has probably been switched off, or has lost its way to the registries. */
export const absent: CauseKind = {
  name: "absent",
  findIn: ({ absentAge, label }) =>
    absentAge === undefined
      ? undefined
      : {
          what: `no registry has named it for ${age(absentAge)}, and nothing is heard of it: its machine or its daemon is gone`,
          cure: `start it; if it is gone for good: kubespan forget ${label}`,
        },
};
