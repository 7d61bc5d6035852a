import type { CauseKind } from "../evidence.ts";

/** Both directions work, as the answers prove; so WireGuard itself sends or receives otherwise than the handshakes. */
export const unfinished: CauseKind = {
  name: "unfinished",
  findIn: ({ answered }) =>
    answered === 0
      ? undefined
      : {
          what: "it answers handshakes, and WireGuard makes no session of it: rules for marked packets or large ones are in the way",
          cure: "kubespan doctor here and there; are larger packets dropped on the way?",
        },
};
