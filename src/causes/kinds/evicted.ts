import type { CauseKind } from "../evidence.ts";

/** The others have no tunnel with a node that an operator evicted. */
export const evicted: CauseKind = {
  name: "evicted",
  findIn: ({ node }) =>
    node.isEvicted
      ? {
          what: "an operator evicted this node, so no other has a tunnel with it",
          cure: "the operator can lift that: kubespan evict --lift",
        }
      : undefined,
};
