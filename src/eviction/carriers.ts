import type { Proven, Roll } from "./roll.ts";

/** The number of members that carry one statement. More would tell every member the same again and again. */
const mostCarriers = 8;

/** The largest number of statements in one announcement, which has to hold the addresses of its node as well. */
export const mostCarried = 8;

/**
 * The evictions that this node carries to others: in its announcement, for nodes that start, and through the tunnels of
 * members that come up. A few members carry each; which, nobody chooses, as the signature decides about the order.
 */
export const carriedBy = (roll: Roll, own: string, others: readonly string[]): readonly Proven[] =>
  [...roll.values()]
    .filter(({ statement }) => isCarrier(statement, own, others))
    .toSorted((one, other) => other.eviction.number - one.eviction.number);

function isCarrier(statement: string, own: string, others: readonly string[]): boolean {
  if (others.length < mostCarriers) return true;
  const salt = statement.slice(-16);
  const mine = place(salt, own);
  let before = 0;
  for (const other of others) if (place(salt, other) < mine && ++before >= mostCarriers) return false;
  return true;
}

/** The place of a member in the order for a statement, by FNV-1a: the order only has to be the same everywhere. */
function place(salt: string, nodeId: string): number {
  let hash = 0x811c9dc5;
  for (const text of [nodeId, salt])
    for (let index = 0; index < text.length; index++)
      hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}
