import type { Endpoint } from "../net/index.ts";
import { mostEndpoints } from "./volley.ts";

/** What an endpoint is worth by what it is. 0: the operator prefers it; 1: on a network of this node; 2: any other. */
export type Tier = 0 | 1 | 2;

/** An endpoint that answered a race, and in how many milliseconds. */
export interface Way {
  readonly tier: Tier;
  readonly roundTrip: number;
}

/** Where a peer may be reached. */
export interface Choices {
  readonly candidates: readonly Endpoint[];
  /** Of each candidate. */
  readonly candidateTiers: readonly Tier[];
}

/** In milliseconds and in shares of the round trip that is given up: how much shorter another one has to be. */
interface Gain {
  readonly ms: number;
  readonly share: number;
}
const shorter: Gain = { ms: 10, share: 0.5 };
/** To leave a network of this node's. */
const muchShorter: Gain = { ms: 40, share: 0.25 };
/** What such a network may cost: a busy processor alone makes some milliseconds of a round trip. */
const mostLoss: Gain = { ms: 20, share: 2 };

const gains = (there: number, here: number, { ms, share }: Gain): boolean =>
  there < here * share && here - there >= ms;

/**
 * Whether to leave one way for another. What the operator prefers is taken whatever it costs, and not left. A network
 * of this node's is taken unless it is far slower; any other way if it is far faster. What goes back and forth by less
 * than these margins changes nothing, and no sequence of changes leads back to where it began: what a shared network may
 * cost is less than what another way has to gain.
 */
export function isBetter(way: Way, current: Way): boolean {
  const [there, here] = [way.roundTrip, current.roundTrip];
  if (way.tier !== current.tier && (way.tier === 0 || current.tier === 0)) return way.tier === 0;
  if (way.tier < current.tier) return there <= Math.max(here * mostLoss.share, here + mostLoss.ms);
  return gains(there, here, way.tier > current.tier ? muchShorter : shorter);
}

/** An endpoint that is not announced is one of the rest. */
export const tierOf = ({ candidates, candidateTiers }: Choices, endpoint: Endpoint): Tier =>
  candidateTiers[candidates.indexOf(endpoint)] ?? 2;

/**
 * Candidates that may be better than the endpoint in use: by what they are, or by the round trips of earlier races. Of
 * one tier, the best; none as a rule.
 */
export function promising(
  choices: Choices,
  current: Endpoint,
  roundTrips: ReadonlyMap<Endpoint, number>,
): readonly Endpoint[] {
  const here = { tier: tierOf(choices, current), roundTrip: roundTrips.get(current) };
  const isPromising = (endpoint: Endpoint): boolean => {
    const tier = tierOf(choices, endpoint);
    const roundTrip = roundTrips.get(endpoint);
    if (tier < here.tier) return true;
    if (roundTrip === undefined || here.roundTrip === undefined) return false;
    return isBetter({ tier, roundTrip }, { tier: here.tier, roundTrip: here.roundTrip });
  };
  const better = choices.candidates.filter((endpoint) => endpoint !== current && isPromising(endpoint));
  const best = Math.min(...better.map((endpoint) => tierOf(choices, endpoint)));
  return better.filter((endpoint) => tierOf(choices, endpoint) === best).slice(0, mostEndpoints);
}

/** Why `to` was taken, for an operator. */
export function gainText(to: Way, from: Way): string {
  const times = `${to.roundTrip} ms instead of ${from.roundTrip} ms`;
  if (to.tier === 0 && from.tier !== 0) return `dial.prefer names it; ${times}`;
  return to.tier < from.tier ? `on a network of this node; ${times}` : `a far shorter round trip: ${times}`;
}
