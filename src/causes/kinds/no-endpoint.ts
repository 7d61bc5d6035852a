import type { CauseKind } from "../evidence.ts";

/** Nobody can begin with a peer that announces no endpoint; only it can. */
export const noEndpoint: CauseKind = {
  name: "no-endpoint",
  findIn: ({ endpoints, refused, label }) =>
    endpoints.length > 0 || refused.length > 0
      ? undefined
      : {
          what: "it announces no endpoint, so it can only be reached once it has reached this node",
          cure: `kubespan status on ${label} says under LEFT OUT why; there: extraAnnouncedEndpoints`,
        },
};
