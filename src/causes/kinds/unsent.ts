import type { CauseKind } from "../evidence.ts";

/** Data was given to the link, and WireGuard got nothing out of this node: then the fault is here. */
export const unsent: CauseKind = {
  name: "unsent",
  findIn: ({ node, isUnsent }) =>
    isUnsent
      ? {
          what: "nothing that WireGuard sends gets out of this node: a firewall here refuses it",
          cure: `let UDP out, from port ${node.listenPort}; kubespan doctor shows this node's firewall`,
        }
      : undefined,
};
