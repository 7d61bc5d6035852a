import type { CauseKind } from "../evidence.ts";

/** All endpoints of the peer are such as are never dialled. The first reason stands for all. */
export const refusedEndpoints: CauseKind = {
  name: "refused-endpoints",
  findIn: ({ endpoints, refused: [first, ...others], label }) => {
    if (endpoints.length > 0 || !first) return undefined;
    const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
    return {
      what: `this node dials none of its endpoints: ${first.value} is ${first.reason}${more}`,
      cure: `kubespan status ${label} lists them; then change dial or filters here, or what ${label} announces`,
    };
  },
};
