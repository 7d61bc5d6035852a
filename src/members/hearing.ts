/** The checks of proofs in one second, in all and for each sender. */
export interface Checks {
  readonly second: number;
  readonly total: number;
  readonly bySender: ReadonlyMap<string, number>;
}

export const noChecks: Checks = { second: 0, total: 0, bySender: new Map() };

/**
 * The number of proofs that are checked in a second. A check costs as much as a handshake, so further notices are
 * ignored.
 */
export const mostChecks = 50;
/** Any local user of a member can send notices from its address. They must not make this node deaf to all others. */
export const mostChecksOfOne = 20;

/** Counts a check for a sender; `undefined` where there is none left in this second. */
export function counted(checks: Checks, sender: string, second: number): Checks | undefined {
  const { total, bySender } = second === checks.second ? checks : noChecks;
  const own = bySender.get(sender) ?? 0;
  if (total >= mostChecks || own >= mostChecksOfOne) return undefined;
  return { second, total: total + 1, bySender: new Map(bySender).set(sender, own + 1) };
}
