import { bounds } from "../config/index.ts";
import { type LeftOut, type Prefix, subtractUpTo, unite } from "../net/index.ts";
import { type Nested, nest } from "./nesting.ts";
import type { Claim } from "./prefix-claim.ts";
import { compareClaims, type Standings, whyOwned } from "./standing.ts";

/** The prefixes that one peer gets, and those that it is refused. */
interface Grant {
  readonly prefixes: Prefix[];
  readonly refused: LeftOut[];
}

/**
 * A prefix that one member loses to another: either both claim the same prefix, and `why` tells what decided, or the
 * taker claims a part of it with a longer prefix.
 */
export type Taking = { readonly taker: Claim; readonly loser: Claim } & (
  | { readonly of: "the same"; readonly why: string }
  | { readonly of: "a part" }
);

export interface Granted {
  /** The grants by node id. */
  readonly grants: ReadonlyMap<string, Grant>;
  /**
   * The claims that remain after equal ones were decided. A member owns its claim except where a longer one lies within
   * it.
   */
  readonly owned: readonly Claim[];
  readonly takings: readonly Taking[];
  /** The number of prefixes that could be given besides. */
  readonly spare: number;
}

/** The largest number of networks of all peers. More would make each change of the device and of the table slow. */
export const mostNetworks = 16_384;

/**
 * Gives every address to exactly one peer, whatever the order in which the peers became known. The longer prefix wins,
 * and of equal prefixes the claim with the better standing (ADR 0015). The loser keeps the rest of its prefix, and both
 * are named.
 *
 * A peer's prefixes are cut so that no two peers have an address in common. The exception is a cut that would take more
 * than `bounds.networks` prefixes: then the wider network stays whole around the longer ones, which WireGuard looks up
 * first. To refuse the wider network instead would let one member take a network from another by asking for a hundred
 * addresses in it.
 */
export function grantClaims(claims: readonly Claim[], standings: Standings = new Map()): Granted {
  const grants = new Map<string, Grant>(claims.map(({ nodeId }) => [nodeId, { prefixes: [], refused: [] }]));
  const takings: Taking[] = [];
  const owned = withoutEquals(claims, standings, takings);
  const nested = nest(owned);
  for (const { claim, holes } of nested)
    for (const taker of holes) takings.push({ taker, loser: claim, of: "a part" });
  for (const taking of takings) grants.get(taking.loser.nodeId)?.refused.push(refusalOf(taking));
  const { prefixes: given, left: spare } = cut(nested);
  for (const [nodeId, prefixes] of given) grants.get(nodeId)?.prefixes.push(...prefixes);
  for (const [nodeId, grant] of grants) grants.set(nodeId, { ...grant, prefixes: unite(grant.prefixes) });
  return { grants, owned, takings, spare };
}

const refusalOf = ({ taker, loser, ...taking }: Taking): LeftOut =>
  taking.of === "a part"
    ? {
        value: taker.prefix,
        reason: `part of ${loser.asked ?? loser.prefix}, but ${taker.label} asks for it with a longer prefix`,
      }
    : { value: loser.prefix, reason: `${taker.label} asks for it too and ${taking.why}` };

/**
 * Keeps one of equal claims, and notes the others as takings. In the result, which is sorted, a wider prefix comes
 * before those within it.
 */
function withoutEquals(claims: readonly Claim[], standings: Standings, takings: Taking[]): Claim[] {
  const best = new Map<Prefix, Claim>();
  const losers: Claim[] = [];
  for (const claim of claims) {
    const other = best.get(claim.prefix);
    const isBetter = other === undefined || compareClaims(claim, other, standings) < 0;
    if (isBetter) best.set(claim.prefix, claim);
    const loser = isBetter ? other : claim;
    if (loser) losers.push(loser);
  }
  for (const loser of losers) {
    const taker = best.get(loser.prefix);
    if (taker && taker.nodeId !== loser.nodeId)
      takings.push({ taker, loser, of: "the same", why: whyOwned(taker, loser, standings) });
  }
  return [...best.values()];
}

/**
 * The prefixes that each member gets, by node id, and how many are left. Room is given in the order of the networks, so that the result does
 * not depend on the order of the claims.
 */
function cut(nested: readonly Nested[]): {
  readonly prefixes: ReadonlyMap<string, Prefix[]>;
  readonly left: number;
} {
  const kept = new Map<string, number>();
  for (const { claim } of nested) kept.set(claim.nodeId, (kept.get(claim.nodeId) ?? 0) + 1);
  let left = Math.max(0, mostNetworks - nested.length);
  const room = new Map([...kept].map(([nodeId, count]) => [nodeId, Math.max(0, bounds.networks - count)]));
  const prefixes = new Map<string, Prefix[]>();
  for (const { claim, holes } of nested) {
    const { nodeId, prefix } = claim;
    const more = Math.min(left, room.get(nodeId) ?? 0);
    const pieces = holes.length === 0 ? [prefix] : remainder(prefix, holes, more);
    const used = Math.max(0, pieces.length - 1);
    left -= used;
    room.set(nodeId, (room.get(nodeId) ?? 0) - used);
    const before = prefixes.get(nodeId);
    if (before) before.push(...pieces);
    else prefixes.set(nodeId, [...pieces]);
  }
  return { prefixes, left };
}

/** The prefix without the holes. It stays whole if the rest would be more than `more` prefixes and one. */
const remainder = (prefix: Prefix, holes: readonly Claim[], more: number): readonly Prefix[] =>
  subtractUpTo(
    [prefix],
    holes.map((hole) => hole.prefix),
    more + 1,
  ) ?? [prefix];
