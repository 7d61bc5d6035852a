import { type Prefix, rangeOf } from "./prefix.ts";
import { reunite, touchesCover, unite } from "./prefix-set.ts";

type Networks = readonly Prefix[];

/** The cover of the networks in some lists. */
export interface KeptCover {
  /** The lists that have networks, each an array that never changes. */
  readonly lists: ReadonlySet<Networks>;
  /** The fewest prefixes that cover all of them, in order. */
  readonly cover: Networks;
  /** Whether no address is in two networks: only then nobody else misses what a list takes with it. */
  readonly isDisjoint: boolean;
}

export const nothingCovered: KeptCover = { lists: new Set(), cover: [], isDisjoint: true };

/** The most lists whose changes are worked out one by one. */
const mostChanged = 16;

/**
 * Covers the networks in these lists, as `unite` does. Lists that are the same arrays as before cost a look, so the work is
 * that for the others.
 */
export function coverAgain(before: KeptCover, all: Iterable<Networks>): KeptCover {
  const given = [...all].filter((list) => list.length > 0);
  const lists = new Set(given);
  const came = given.filter((list) => !before.lists.has(list));
  const went = [...before.lists].filter((list) => !lists.has(list));
  const isTwice = lists.size < given.length;
  if (!isTwice && came.length + went.length === 0) return before;
  if (isTwice || !before.isDisjoint || came.length + went.length > mostChanged) return coverAnew(given);
  let { cover, isDisjoint } = { ...before, cover: reunite(before.cover, went.flat(), []) };
  for (const prefix of came.flat()) {
    isDisjoint &&= !touchesCover(cover, prefix);
    cover = reunite(cover, [], [prefix]);
  }
  return { lists, cover, isDisjoint };
}

function coverAnew(given: readonly Networks[]): KeptCover {
  const networks = given.flat();
  const cover = unite(networks);
  return { lists: new Set(given), cover, isDisjoint: sizeOf(networks) === sizeOf(cover) };
}

/** The number of addresses, those in several networks as often as that. */
function sizeOf(networks: Networks): bigint {
  let size = 0n;
  for (const prefix of networks) {
    const { first, last } = rangeOf(prefix);
    size += last - first + 1n;
  }
  return size;
}
