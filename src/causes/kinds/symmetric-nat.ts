import type { CauseKind } from "../evidence.ts";

/** What one observer sees of a symmetric NAT is of no use to others, so only this node can begin. */
export const symmetricNat: CauseKind = {
  name: "symmetric-nat",
  findIn: ({ node: { nat, peersUp }, asked, wasUp }) => {
    const families = Object.entries(nat).flatMap(([family, kind]) => (kind === "symmetric" ? [family] : []));
    return families.length === 0 || asked === 0 || wasUp || peersUp === 0
      ? undefined
      : {
          what: `this node is behind a symmetric NAT (${families.join(", ")}), and the peer is not reachable from outside either`,
          cure: "forward a port on one side (extraAnnouncedEndpoints), or let a node with a public address relay",
        };
  },
};
