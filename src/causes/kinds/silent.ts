import type { CauseKind } from "../evidence.ts";

/** A registry still names the peer, and nobody answers where it says it is. */
export const silent: CauseKind = {
  name: "silent",
  findIn: ({ asked, answered, wasUp, endpoints, label }) =>
    asked === 0 || answered > 0
      ? undefined
      : wasUp
        ? {
            what: "nobody answers where it was reached: its machine is off, or UDP is blocked on the way",
            cure: `is ${label} running? then let UDP pass to ${endpoints.slice(0, 2).join(" or ")}`,
          }
        : {
            what: "nobody answers at its endpoints: it does not run, UDP is blocked, or its cluster secret is another",
            cure: `kubespan doctor on ${label}; then let UDP pass to ${endpoints.slice(0, 2).join(" or ")}`,
          },
};
