import type { Endpoint } from "../net/index.ts";
import { knownSet } from "./news.ts";
import type { Race } from "./race.ts";
import { mostEndpoints, raceTimings } from "./timings.ts";

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

/** The endpoints of a peer, and those of them that are direct; absent where all are. */
interface Endpoints {
  readonly endpoints: readonly Endpoint[];
  readonly direct?: readonly Endpoint[] | undefined;
}

/**
 * The endpoints to which a round goes of a peer that is not connected. What stands in for direct paths joins in after
 * some rounds in vain, and has its place in each round from then on.
 */
export function connectingRound(
  { endpoints, direct }: Endpoints,
  race: Race | undefined,
): readonly Endpoint[] {
  const { known = [], rounds = 0 } = race ?? {};
  if (direct === undefined) return roundOf(endpoints, known, rounds);
  const standIns = endpoints.slice(direct.length).slice(0, mostEndpoints / 2);
  const first = roundOf(direct, known, rounds);
  if (first.length > 0 && rounds < raceTimings.roundsDirect) return first;
  return [...first.slice(0, mostEndpoints - standIns.length), ...standIns];
}
