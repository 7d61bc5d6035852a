import type { Endpoint } from "../net/index.ts";
import { knownSet } from "./news.ts";
import { mostEndpoints } from "./timings.ts";

const alwaysAsked = mostEndpoints / 2;

/**
 * The endpoints to which one round goes. Of a peer with more endpoints than fit, the best are raced each time, then what is
 * new, and the others in turn: whichever of them works is raced some time.
 */
export function roundOf(
  candidates: readonly Endpoint[],
  known: readonly Endpoint[],
  rounds: number,
): readonly Endpoint[] {
  if (candidates.length <= mostEndpoints) return candidates;
  const round = new Set(candidates.slice(0, alwaysAsked));
  const before = knownSet(known);
  if (before.size > 0)
    for (const endpoint of candidates)
      if (round.size < mostEndpoints && !before.has(endpoint)) round.add(endpoint);
  const others = candidates.slice(alwaysAsked);
  for (let step = 0; step < others.length && round.size < mostEndpoints; step++) {
    const endpoint = others[(rounds * alwaysAsked + step) % others.length];
    if (endpoint !== undefined) round.add(endpoint);
  }
  return [...round];
}
