/** A difference of clocks that does no harm. */
const toleratedMs = 60_000;

/** What is known of this node's clock. All times are in milliseconds since 1970. */
export interface ClockFact {
  readonly now: number;
  /** The time at which this program was installed. */
  readonly installedAt: number;
  /** The highest numbers of what the other nodes say, each at least the time at which it was said. */
  readonly numbers: readonly number[];
}

/**
 * What is wrong with this node's clock, in words. A clock that is ahead cannot be told from nodes that have said nothing
 * for a while, so it is only compared with what was said later than it shows.
 */
export function clockProblem({ now, installedAt, numbers }: ClockFact): string | undefined {
  const shown = new Date(now).toISOString();
  if (now < installedAt - toleratedMs)
    return `the clock shows ${shown}, which is before this program was installed`;
  // One node may be ahead itself, or lie.
  const later = numbers.filter((number) => number > now + toleratedMs).length;
  const isAlone = later * 2 > numbers.length;
  return isAlone ? `the clock shows ${shown}, which most nodes of the mesh have left behind` : undefined;
}
