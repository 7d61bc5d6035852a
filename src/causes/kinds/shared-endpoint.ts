import type { CauseKind } from "../evidence.ts";

/** Behind one NAT one port leads to one machine. */
export const sharedEndpoint: CauseKind = {
  name: "shared-endpoint",
  findIn: ({ shared }) =>
    shared && {
      what: `${shared.with ?? "this node"} announces ${shared.endpoint}, too: one port of a NAT leads to one of them`,
      cure: "give each node behind that NAT a listenPort of its own",
    },
};
