/** A value that is not used, and the reason in words on which an operator can act. */
export interface LeftOut {
  readonly value: string;
  readonly reason: string;
  /** Set where every machine has the like, such as an address of the loopback link. */
  readonly isUsual?: true;
}

/** The number of values with one reason up to which each of them is named. */
const mostNamed = 4;

/**
 * The list with one line for values that are many and have the same reason, at the place of the first of them. A link
 * for the addresses of Services has thousands.
 */
export function fewLeftOut(all: readonly LeftOut[]): LeftOut[] {
  const byReason = Map.groupBy(all, ({ reason }) => reason);
  return [...byReason.values()].flatMap((items) => {
    const [first] = items;
    if (items.length <= mostNamed || first === undefined) return items;
    return [{ ...first, value: `${first.value} and ${items.length - 1} more` }];
  });
}
