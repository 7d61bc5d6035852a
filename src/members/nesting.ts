import { compareRanges, prefixWithin, rangeOf } from "../net/index.ts";
import type { Claim } from "./prefix-claim.ts";

export interface Nested {
  readonly claim: Claim;
  /** The widest claims of other members within the claim: disjoint and in order. */
  readonly holes: readonly Claim[];
}

/**
 * Finds the claims that lie directly within each claim, in the order of their networks. No two claims are equal, so
 * they are disjoint or nested, and one sweep finds all, whatever their number. A claim within another one of the same
 * member adds nothing: the claims within it lie within the wider one.
 */
export function nest(claims: readonly Claim[]): Nested[] {
  const sorted = claims
    .map((claim) => ({ claim, range: rangeOf(claim.prefix) }))
    .sort((left, right) => compareRanges(left.range, right.range));
  const nested: Nested[] = [];
  const open: { readonly claim: Claim; readonly holes: Claim[] }[] = [];
  for (const { claim } of sorted) {
    let around = open.at(-1);
    while (around && !prefixWithin(claim.prefix, around.claim.prefix)) {
      open.pop();
      around = open.at(-1);
    }
    if (around?.claim.nodeId === claim.nodeId) open.push({ claim, holes: around.holes });
    else {
      around?.holes.push(claim);
      const own = { claim, holes: [] };
      nested.push(own);
      open.push(own);
    }
  }
  return nested;
}
