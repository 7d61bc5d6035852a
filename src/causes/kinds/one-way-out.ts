import type { CauseKind } from "../evidence.ts";

/** The seconds within which a peer that tries to connect is heard again: it repeats its handshakes more often. */
const recent = 30;

/** Handshakes of the peer arrive, and no session comes of them: what this node answers does not arrive there. */
export const oneWayOut: CauseKind = {
  name: "one-way-out",
  findIn: ({ heardAge, lostAge, answered }) =>
    heardAge === undefined || heardAge > recent || lostAge <= heardAge || answered > 0
      ? undefined
      : {
          what: "its packets arrive here, and what this node sends does not arrive there",
          cure: "let UDP out of this node, and into the peer's port; kubespan doctor shows this node's firewall",
        },
};
