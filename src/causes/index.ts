/** Why a peer is not up, found from evidence. Each kind of cause is one file and one line in `kinds`. */
import type { Cause, Evidence } from "./evidence.ts";
import { kinds } from "./kinds/index.ts";

export type { Cause, Evidence, NodeEvidence } from "./evidence.ts";
export { mtuHole } from "./mtu-hole.ts";

/** The causes that the evidence shows, the most certain one first; none while nothing is known yet. */
export const causesOf = (evidence: Evidence): readonly Cause[] =>
  kinds.flatMap(({ name, findIn }) => {
    const found = findIn(evidence);
    return found ? [{ kind: name, ...found }] : [];
  });
