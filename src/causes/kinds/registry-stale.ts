import type { CauseKind } from "../evidence.ts";

/** Without a registry nobody hears where a peer has moved to. */
export const registryStale: CauseKind = {
  name: "registry-stale",
  findIn: ({ node, answered, heardAge }) =>
    !node.isCutOff || answered > 0 || (heardAge !== undefined && heardAge < 30)
      ? undefined
      : {
          what: "no registry is connected, so this node does not hear where it has moved to",
          cure: "kubespan status lists the registries with what is wrong; let this node reach one",
        },
};
