import type { CauseKind } from "../evidence.ts";

/** Not this peer alone is silent: no UDP comes back to this node from anybody. */
export const udpBlocked: CauseKind = {
  name: "udp-blocked",
  findIn: ({ node, asked, heardAge }) =>
    node.hearsUdp !== false || asked === 0 || heardAge !== undefined
      ? undefined
      : {
          what: "no UDP packet has come back to this node from anybody: a firewall here or on the way out drops them",
          cure: `let UDP out and its answers in, from port ${node.listenPort}; a discovery service run with --relay carries what cannot pass`,
        },
};
