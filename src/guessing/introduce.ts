import { type Endpoint, endpointAddress, familyOf } from "../net/index.ts";
import { type Budget, refill, spend } from "../peers/index.ts";
import { introductionLimits } from "./limits.ts";

/** The introductions that this node made as a relay: when each pair was last introduced, and what is left for others. */
export interface Introductions {
  readonly pairs: ReadonlyMap<string, number>;
  readonly budget: Budget | undefined;
}

export const noIntroductions: Introductions = { pairs: new Map(), budget: undefined };

/** A member to which this node is connected directly, and the endpoint at which it sees the member. */
interface Neighbour {
  readonly publicKey: string;
  readonly endpoint: Endpoint;
}

/**
 * Decides about a member's question where another one is. Both are told where this node sees the other, if it passes packets
 * on between them. Members are named by their public keys.
 */
export function introduce(
  before: Introductions,
  asker: string,
  about: string,
  neighbours: readonly Neighbour[],
  now: number,
): { readonly after: Introductions; readonly both: readonly [Neighbour, Neighbour] | undefined } {
  const budget = refill(before.budget, now, introductionLimits.all);
  const pairs = new Map([...before.pairs].filter(([, at]) => now - at < introductionLimits.pairMs));
  const name = [asker, about].toSorted().join(" ");
  const [one, other] = [asker, about].map((key) => neighbours.find(({ publicKey }) => publicKey === key));
  const isRefused = asker === about || pairs.has(name) || budget.left < 1;
  if (!one || !other || isRefused || !isIPv4(one) || !isIPv4(other))
    return { after: { pairs, budget }, both: undefined };
  return {
    after: { pairs: pairs.set(name, now), budget: spend(budget, 1) },
    both: [one, other],
  };
}

const isIPv4 = ({ endpoint }: Neighbour): boolean => familyOf(endpointAddress(endpoint)) === 4;
