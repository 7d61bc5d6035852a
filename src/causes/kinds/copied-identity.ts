import type { CauseKind } from "../evidence.ts";

/** Two machines that share an identity take each other's peers away. */
export const copiedIdentity: CauseKind = {
  name: "copied-identity",
  findIn: ({ node: { copiesAt } }) =>
    copiesAt.length === 0
      ? undefined
      : {
          what: `another machine announces itself with this node's identity (seen at ${copiesAt.join(", ")})`,
          cure: "on the copy: kubespan down --forget-identity",
        },
};
