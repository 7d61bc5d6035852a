import type { CauseKind } from "../evidence.ts";

/** A node without an IPv6 address cannot send to one that has nothing else, and the other way round. */
export const otherFamily: CauseKind = {
  name: "other-family",
  findIn: ({ isOtherFamily, endpoints, answered }) =>
    !isOtherFamily || answered > 0
      ? undefined
      : {
          what: `it is at ${endpoints[0]} only, and this node has no address of that family`,
          cure: "give one of them an address of the other's family, or let a node that has both relay",
        },
};
