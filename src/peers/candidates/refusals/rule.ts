import { type Address, type Endpoint, endpointAddress } from "../../../net/index.ts";
import type { CandidateContext } from "../kind.ts";

/** Which of a peer's endpoints are never dialled, and why. It is asked of those that the rules before it left. */
export type RefusalRule = (
  endpoints: readonly Endpoint[],
  context: CandidateContext,
) => ReadonlyMap<Endpoint, string>;

/** A rule that judges each endpoint by its address alone. */
export const byAddress =
  (reasonOf: (address: Address, context: CandidateContext) => string | undefined): RefusalRule =>
  (endpoints, context) => {
    const refused = new Map<Endpoint, string>();
    for (const endpoint of endpoints) {
      const reason = reasonOf(endpointAddress(endpoint), context);
      if (reason !== undefined) refused.set(endpoint, reason);
    }
    return refused;
  };
