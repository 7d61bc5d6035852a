/** A bucket of attempts that fills with time. Each attempt, a volley or a dial, takes one. */
export interface Budget {
  readonly attempts: number;
  /** Milliseconds. */
  readonly at: number;
}

export interface BudgetLimits {
  readonly perSecond: number;
  readonly most: number;
}

/**
 * For all peers together: a mesh of a thousand that comes up must not flood its own uplink or its own processor. A
 * thousand peers are tried within five seconds. Of 500 nodes that start at once, half of all pairs are up after 4.3 s;
 * with half as many attempts it took 7.2 s, with 300 a second 3.0 s (docs/bench/sim.md).
 */
export const budgetLimits: BudgetLimits = { perSecond: 200, most: 200 };

/**
 * Searches for better ways: there is no hurry, and each takes some ten looks at all peers. A thousand peers on a new
 * network take half an hour.
 */
export const searchLimits: BudgetLimits = { perSecond: 0.5, most: 10 };

/** Filled up to now; a full one where there was none. */
export function refill(budget: Budget | undefined, now: number, { perSecond, most }: BudgetLimits): Budget {
  if (!budget) return { attempts: most, at: now };
  const elapsed = Math.max(0, now - budget.at);
  return { attempts: Math.min(most, budget.attempts + (elapsed * perSecond) / 1000), at: now };
}

export const spend = (budget: Budget, attempts: number): Budget => ({
  ...budget,
  attempts: budget.attempts - attempts,
});
