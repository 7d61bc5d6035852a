import type { CauseKind } from "../evidence.ts";

/** A private address leads nowhere from outside its network. */
export const privateEndpoints: CauseKind = {
  name: "private-endpoints",
  findIn: ({ isPrivateElsewhere, endpoints, answered, wasUp, label }) =>
    !isPrivateElsewhere || answered > 0 || wasUp
      ? undefined
      : {
          what: `it announces private addresses only (${endpoints.slice(0, 2).join(", ")}), which are in no network of this node`,
          cure: `let ${label} learn where it is seen: stunServer, portMapping or extraAnnouncedEndpoints there`,
        },
};
