import { type Budget, type BudgetLimits, refill, spend } from "../peers/index.ts";

/** The handshakes that members may still have passed on, each budget by its name. */
export type Paces = ReadonlyMap<string, Budget>;

/** A member whose initiation is to be passed on. */
export interface Asking {
  readonly initiator: string;
  /**
   * The initiation shows that its sender gets what is sent to the initiator's endpoint. Anybody can send one from there
   * that does not, so those have budgets of their own: they never use up what the initiator needs.
   */
  readonly isProven: boolean;
}

/** Finding out for whom a message is: a hash for each member. A member may have many peers behind this node, and race them. */
const searches = { perSecond: 2, most: 60 };
/** Initiations of one member for another. A race makes several in a second, a session one in two minutes. */
const passages = { perSecond: 0.25, most: 12 };
/** Asking a member for a proof, which takes finding out for whom its message is as well; and asking all of them. */
const proofs = { perSecond: 40, most: 40 };
const allProofs = { perSecond: 50, most: 100 };
/** No budget of these takes longer to be full again, and is remembered for longer. */
export const paceMemoryMs = 60_000;

/** What one message takes of a budget: the budgets after it, or `undefined` where nothing is left. */
export type Taken = ReadonlyMap<string, Budget> | undefined;

function take(paces: Paces, limits: readonly (readonly [string, BudgetLimits])[], now: number): Taken {
  const taken = new Map<string, Budget>();
  for (const [name, each] of limits) {
    const budget = refill(paces.get(name), now, each);
    if (budget.left < 1) return undefined;
    taken.set(name, spend(budget, 1));
  }
  return taken;
}

const nameOf = ({ initiator, isProven }: Asking): string => `${isProven ? "proven" : "any"} ${initiator}`;

export const takeSearch = (paces: Paces, asking: Asking, now: number): Taken =>
  take(paces, [[nameOf(asking), searches]], now);

export const takePassage = (paces: Paces, asking: Asking, responder: string, now: number): Taken =>
  take(paces, [[`${nameOf(asking)} ${responder}`, passages]], now);

export const takeProof = (paces: Paces, { initiator }: Asking, now: number): Taken =>
  take(
    paces,
    [
      [`proof ${initiator}`, proofs],
      ["proofs", allProofs],
    ],
    now,
  );
