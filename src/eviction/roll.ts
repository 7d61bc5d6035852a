import { onceFor } from "../base/index.ts";
import type { Eviction } from "./eviction.ts";

/** An eviction whose signature is checked, and the statement in which it travels. */
export interface Proven {
  readonly eviction: Eviction;
  readonly statement: string;
}

/** All evictions that are known, also the lifted ones, by whom they are about. */
export type Roll = ReadonlyMap<string, Proven>;

/**
 * The largest number of evictions that a node keeps, lifted or not. A lifted one has to be kept, or else the statement
 * before it would count once more when somebody repeats it.
 */
export const mostEvictions = 256;

/** Whom an eviction is about. */
export const subjectOf = ({ nodeId = "", publicKey = "" }: Eviction): string => `${nodeId} ${publicKey}`;

/**
 * Takes in an eviction. The roll stays the same object if the eviction is old, or if there is no room for it. The result
 * does not depend on the order in which evictions arrive, as long as there is room.
 */
export function entered(roll: Roll, proven: Proven): Roll {
  const subject = subjectOf(proven.eviction);
  const before = roll.get(subject);
  if (before ? !isNewer(proven.eviction, before.eviction) : roll.size >= mostEvictions) return roll;
  return new Map([...roll, [subject, proven]]);
}

/** Compares two statements about one node. Of those with one number, that which evicts counts. */
const isNewer = (one: Eviction, other: Eviction): boolean =>
  one.number > other.number || (one.number === other.number && !one.isLifted && other.isLifted);

interface Blocked {
  readonly nodeIds: ReadonlySet<string>;
  readonly keys: ReadonlySet<string>;
}

const blockedBy = onceFor((roll: Roll): Blocked => {
  const inForce = evictionsInForce(roll);
  return {
    nodeIds: new Set(inForce.flatMap(({ nodeId }) => nodeId ?? [])),
    keys: new Set(inForce.flatMap(({ publicKey }) => publicKey ?? [])),
  };
});

/** Tells whether a node is kept out, because of its id or of its key. */
export const isEvicted = (roll: Roll, nodeId: string, publicKey: string | undefined): boolean =>
  blockedBy(roll).nodeIds.has(nodeId) || (publicKey !== undefined && blockedBy(roll).keys.has(publicKey));

/** The evictions that are not lifted. */
export const evictionsInForce = (roll: Roll): readonly Eviction[] =>
  [...roll.values()].flatMap(({ eviction }) => (eviction.isLifted ? [] : eviction));

/** The evictions that have to be lifted for a node to come back. */
export const evictionsOf = (
  evictions: readonly Eviction[],
  { nodeId, publicKey }: Pick<Eviction, "nodeId" | "publicKey">,
): readonly Eviction[] =>
  evictions.filter(
    (each) =>
      (nodeId !== undefined && each.nodeId === nodeId) ||
      (publicKey !== undefined && each.publicKey === publicKey),
  );

/** The number of the next statement. */
export const nextEvictionNumber = (numbers: readonly number[], now: number): number =>
  Math.max(now, ...numbers.map((number) => number + 1));
