import { compareRanges, type LeftOut, type Prefix, rangeOf, subtract, unite } from "../net/index.ts";

/** A peer asks for all traffic to a prefix. */
export interface Claim {
  readonly nodeId: string;
  /** How messages name the peer. */
  readonly label: string;
  readonly prefix: Prefix;
}

/** What one peer gets of what it asked for. */
export interface Grant {
  readonly prefixes: Prefix[];
  readonly refused: LeftOut[];
}

/**
 * Gives every address to exactly one peer, whatever the order in which peers were heard of: the longer prefix wins,
 * and of equal prefixes the one with the lower node id. The loser keeps the rest of its prefix and both are named
 * (lesson 5). Prefixes are either disjoint or nested, so one sweep over the sorted claims is enough.
 */
export function grantClaims(claims: readonly Claim[]): Map<string, Grant> {
  const grants = new Map<string, Grant>(claims.map(({ nodeId }) => [nodeId, { prefixes: [], refused: [] }]));
  for (const { claim, inside } of nest(withoutEquals(claims, grants))) {
    const grant = grants.get(claim.nodeId);
    if (!grant) continue;
    const lost = inside.filter((other) => other.nodeId !== claim.nodeId);
    for (const other of lost)
      grant.refused.push({
        value: other.prefix,
        reason: `part of ${claim.prefix}, but ${other.label} asks for it with a longer prefix`,
      });
    const taken = lost.map((other) => other.prefix);
    grant.prefixes.push(...(taken.length === 0 ? [claim.prefix] : subtract([claim.prefix], taken)));
  }
  for (const [nodeId, grant] of grants) grants.set(nodeId, { ...grant, prefixes: unite(grant.prefixes) });
  return grants;
}

/** Drops all but one of equal claims, and says so. The result is sorted: wider before what lies inside it. */
function withoutEquals(claims: readonly Claim[], grants: ReadonlyMap<string, Grant>): Claim[] {
  const sorted = claims
    .map((claim) => ({ claim, range: rangeOf(claim.prefix) }))
    .sort(
      (left, right) =>
        compareRanges(left.range, right.range) || (left.claim.nodeId < right.claim.nodeId ? -1 : 1),
    );
  const kept: Claim[] = [];
  for (const { claim } of sorted) {
    const winner = kept.at(-1);
    if (winner?.prefix !== claim.prefix) kept.push(claim);
    else if (winner.nodeId !== claim.nodeId)
      grants.get(claim.nodeId)?.refused.push({
        value: claim.prefix,
        reason: `${winner.label} asks for it too and has the lower node id`,
      });
  }
  return kept;
}

interface Nested {
  readonly claim: Claim;
  /** All claims, of whatever peer, that lie inside this one. */
  readonly inside: Claim[];
}

function nest(sorted: readonly Claim[]): Nested[] {
  const open: Nested[] = [];
  return sorted.map((claim) => {
    while (!contains(open.at(-1)?.claim.prefix, claim.prefix)) open.pop();
    for (const around of open) around.inside.push(claim);
    const nested: Nested = { claim, inside: [] };
    open.push(nested);
    return nested;
  });
}

/** `undefined` stands for the whole address space. */
function contains(outer: Prefix | undefined, inner: Prefix): boolean {
  if (outer === undefined) return true;
  const [around, range] = [rangeOf(outer), rangeOf(inner)];
  return around.family === range.family && around.first <= range.first && range.last <= around.last;
}
