import type { Affiliate } from "../affiliate.ts";
import { limits } from "../limits.ts";

/** What the registries have told since the start. */
interface Heard {
  /** How many registries have given a snapshot, of all. */
  readonly answered: number;
  readonly registries: number;
  /** Ms. */
  readonly sinceStart: number;
}

/**
 * Which cached affiliates still count beside those that the registries name. None that is named: what is heard replaces
 * what is remembered. None at all once every registry has answered; where one stays silent, none after the time that it
 * would have kept them without hearing of them, as long as another one answered. While none answers, all of them.
 */
export function cachedInUse(
  cached: readonly Affiliate[],
  named: readonly Affiliate[],
  { answered, registries, sinceStart }: Heard,
): readonly Affiliate[] {
  if (answered === registries || (answered > 0 && sinceStart >= limits.ttlMs)) return [];
  const known = new Set(named.map(({ nodeId }) => nodeId));
  return cached.filter(({ nodeId }) => !known.has(nodeId));
}
