import type { Endpoint } from "../net/index.ts";
import { knownSet } from "./news.ts";

/** A peer may announce 64 endpoints, of anybody: so many of them get a packet in one volley. */
export const mostEndpoints = 16;
const alwaysAsked = mostEndpoints / 2;

/**
 * Where one volley goes. Of a peer with more endpoints than fit, the best are asked each time, then what is new, and the
 * others in turn: whichever of them works is asked some time.
 */
export function volleyOf(
  candidates: readonly Endpoint[],
  known: readonly Endpoint[],
  volleys: number,
): readonly Endpoint[] {
  if (candidates.length <= mostEndpoints) return candidates;
  const volley = new Set(candidates.slice(0, alwaysAsked));
  const before = knownSet(known);
  if (before.size > 0)
    for (const endpoint of candidates)
      if (volley.size < mostEndpoints && !before.has(endpoint)) volley.add(endpoint);
  const others = candidates.slice(alwaysAsked);
  for (let step = 0; step < others.length && volley.size < mostEndpoints; step++) {
    const endpoint = others[(volleys * alwaysAsked + step) % others.length];
    if (endpoint !== undefined) volley.add(endpoint);
  }
  return [...volley];
}
