import { addressFromBigInt, type Family, widthOf } from "./address.ts";
import { type Prefix, type PrefixRange, prefixesTouch, prefixFamily, rangeOf } from "./prefix.ts";

/**
 * A range of addresses as numbers. Sets of prefixes are handled as sorted, disjoint, non-adjacent ranges. All
 * operations are linear in the number of ranges (plus one sort), so sets of ten thousand prefixes stay cheap. Their
 * results are the fewest prefixes that cover exactly the same addresses, in order.
 */
interface Range {
  /** The prefix that the range was made from, if the range is exactly one. */
  readonly prefix?: Prefix;
  readonly first: bigint;
  readonly last: bigint;
}

const families: readonly Family[] = [4, 6];

/** Covers every address that is in one of the prefixes. Neighbours that make a larger network are joined. */
export const unite = (prefixes: Iterable<Prefix>): Prefix[] => {
  const all = [...prefixes];
  return families.flatMap((family) => toPrefixes(family, rangesOf(family, all)));
};

/** Covers every address of `from` that is in none of `removed`. */
export function subtract(from: Iterable<Prefix>, removed: Iterable<Prefix>): Prefix[] {
  const [kept, taken] = [[...from], [...removed]];
  return families.flatMap((family) =>
    toPrefixes(family, subtractRanges(rangesOf(family, kept), rangesOf(family, taken))),
  );
}

/**
 * Subtracts prefixes if the result has at most `most` prefixes, and else gives `undefined`. One hole in a wide network
 * leaves up to 128 prefixes, and a peer that chooses the holes must not choose the amount of work.
 */
export function subtractUpTo(
  from: Iterable<Prefix>,
  removed: Iterable<Prefix>,
  most: number,
): Prefix[] | undefined {
  const [kept, taken] = [[...from], [...removed]];
  const prefixes: Prefix[] = [];
  for (const family of families) {
    const rest = subtractRanges(rangesOf(family, kept), rangesOf(family, taken));
    prefixes.push(...toPrefixes(family, rest, most + 1 - prefixes.length));
    if (prefixes.length > most) return undefined;
  }
  return prefixes;
}

/** Covers every address that is in both sets. */
export function intersect(left: Iterable<Prefix>, right: Iterable<Prefix>): Prefix[] {
  const [a, b] = [[...left], [...right]];
  return subtract(a, subtract(a, b));
}

/**
 * The cover of a set from which networks were removed and to which others were then added. `cover` is the result of
 * another function here. Only the neighbourhood of what changed is worked out again: the cover of addresses without a gap
 * depends on no others, and has few prefixes.
 */
export function reunite(
  cover: readonly Prefix[],
  removed: readonly Prefix[],
  added: readonly Prefix[],
): readonly Prefix[] {
  let changed = cover;
  for (const prefix of removed) changed = changedNear(changed, prefix, (near) => subtract(near, [prefix]));
  for (const prefix of added) changed = changedNear(changed, prefix, (near) => unite([...near, prefix]));
  return changed;
}

/** Whether one of the prefixes of a cover has an address in common with a network. */
export function touchesCover(cover: readonly Prefix[], prefix: Prefix): boolean {
  const [from, to] = nearIn(cover, prefix);
  return cover.slice(from, to).some((near) => prefixesTouch(near, prefix));
}

/** Changes the part of a cover that has addresses in common with a network, or joins it without a gap. */
function changedNear(
  cover: readonly Prefix[],
  prefix: Prefix,
  change: (near: readonly Prefix[]) => readonly Prefix[],
): readonly Prefix[] {
  const at = rangeAt(cover);
  let [from, to] = nearIn(cover, prefix);
  while (from < to && from > 0 && !isBefore(at(from - 1), at(from))) from--;
  while (from < to && to < cover.length && !isBefore(at(to - 1), at(to))) to++;
  return cover.toSpliced(from, to - from, ...change(cover.slice(from, to)));
}

/** The place of the prefixes of a cover that have addresses in common with a network, or lie beside it. */
function nearIn(cover: readonly Prefix[], prefix: Prefix): [from: number, to: number] {
  const [at, range] = [rangeAt(cover), rangeOf(prefix)];
  let [from, end] = [0, cover.length];
  while (from < end) {
    const middle = (from + end) >> 1;
    if (isBefore(at(middle), range)) from = middle + 1;
    else end = middle;
  }
  let to = from;
  while (to < cover.length && !isBefore(range, at(to))) to++;
  return [from, to];
}

const rangeAt =
  (cover: readonly Prefix[]) =>
  (index: number): PrefixRange | undefined => {
    const found = cover[index];
    return found === undefined ? undefined : rangeOf(found);
  };

/** Whether there is a gap between a range and a later one. */
const isBefore = (one: PrefixRange | undefined, other: PrefixRange | undefined): boolean =>
  one !== undefined &&
  other !== undefined &&
  (one.family === other.family ? one.last + 1n < other.first : one.family < other.family);

function rangesOf(family: Family, prefixes: readonly Prefix[]): Range[] {
  const ranges: Range[] = prefixes.filter((prefix) => prefixFamily(prefix) === family).map(rangeOf);
  if (ranges.length < 2) return ranges;
  ranges.sort((left, right) => (left.first < right.first ? -1 : left.first > right.first ? 1 : 0));
  const joined: Range[] = [];
  for (const range of ranges) {
    const before = joined.at(-1);
    if (before === undefined || range.first > before.last + 1n) joined.push(range);
    else if (range.last > before.last) joined[joined.length - 1] = { first: before.first, last: range.last };
  }
  return joined;
}

function subtractRanges(kept: readonly Range[], taken: readonly Range[]): Range[] {
  const rest: Range[] = [];
  let index = 0;
  for (const range of kept) {
    let first = range.first;
    while ((taken[index]?.last ?? range.last) < range.first) index++;
    for (let at = index; first <= range.last; at++) {
      const hole = taken[at];
      if (hole === undefined || hole.first > range.last) break;
      if (hole.first > first) rest.push({ first, last: hole.first - 1n });
      if (hole.last >= first) first = hole.last + 1n;
    }
    if (first === range.first) rest.push(range);
    else if (first <= range.last) rest.push({ first, last: range.last });
  }
  return rest;
}

/** Cuts each range into the largest aligned blocks that fit. It stops once there are `enough`. */
function toPrefixes(family: Family, ranges: readonly Range[], enough = Number.POSITIVE_INFINITY): Prefix[] {
  const width = widthOf(family);
  const prefixes: Prefix[] = [];
  for (const range of ranges) {
    if (prefixes.length >= enough) break;
    if (range.prefix !== undefined) prefixes.push(range.prefix);
    let first = range.prefix === undefined ? range.first : range.last + 1n;
    while (first <= range.last && prefixes.length < enough) {
      let hostBits = 0;
      while (hostBits < width && fits(first, range.last, hostBits + 1)) hostBits++;
      prefixes.push(`${addressFromBigInt(family, first)}/${width - hostBits}` as Prefix);
      first += 1n << BigInt(hostBits);
    }
  }
  return prefixes;
}

function fits(first: bigint, last: bigint, hostBits: number): boolean {
  const size = 1n << BigInt(hostBits);
  return first % size === 0n && first + size - 1n <= last;
}
