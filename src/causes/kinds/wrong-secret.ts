import type { CauseKind } from "../evidence.ts";

/** The cluster secret is the preshared key of every tunnel, so an answer that was made with another one does not open. */
export const wrongSecret: CauseKind = {
  name: "wrong-secret",
  findIn: ({ unreadable, answered, label }) =>
    unreadable === 0 || answered > 0
      ? undefined
      : {
          what: "its answers do not open with this node's cluster secret: the two have different ones",
          cure: `compare clusterSecret here and on ${label}, then: kubespan config edit`,
        },
};
