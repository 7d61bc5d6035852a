import type { PeerReport } from "../api/index.ts";

type Cause = NonNullable<PeerReport["causes"]>[number];

/** A cause with its cure: `nobody answers at its endpoints (kubespan doctor on node-b)`. */
export const causeText = ({ what, cure }: Cause): string => `${what} (${cure})`;
