/** A bucket that fills with time. */
export interface Budget {
  readonly left: number;
  /** Milliseconds. */
  readonly at: number;
}

export interface BudgetLimits {
  readonly perSecond: number;
  readonly most: number;
}

/** Filled up to now; a full one where there was none. */
export function refill(budget: Budget | undefined, now: number, { perSecond, most }: BudgetLimits): Budget {
  if (!budget) return { left: most, at: now };
  const elapsed = Math.max(0, now - budget.at);
  return { left: Math.min(most, budget.left + (elapsed * perSecond) / 1000), at: now };
}

export const spend = (budget: Budget, amount: number): Budget => ({ ...budget, left: budget.left - amount });
