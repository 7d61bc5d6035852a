import type { CauseKind } from "../evidence.ts";

/** WireGuard ignores an initiation that is dated before the last one of the same key. */
export const clockBehind: CauseKind = {
  name: "clock-behind",
  findIn: ({ node, answered }) =>
    !node.isClockBehind || answered > 0
      ? undefined
      : {
          what: "this node's clock is behind, and peers ignore handshakes that are dated before earlier ones",
          cure: "set the clock (date, NTP)",
        },
};
