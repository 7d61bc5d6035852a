import type { Endpoint } from "../net/index.ts";
import { type Candidate, type CandidateClass, classes } from "./candidates/index.ts";
import { mostEndpoints } from "./volley.ts";

/** An endpoint that answered a race, and in how many milliseconds. */
export interface Way {
  readonly class: CandidateClass;
  readonly roundTrip: number;
}

/** Where a peer may be reached. */
export interface Choices {
  readonly candidates: readonly Pick<Candidate, "endpoint" | "class">[];
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
  const { preferred } = classes;
  if (way.class !== current.class && (way.class === preferred || current.class === preferred))
    return way.class === preferred;
  if (way.class < current.class) return there <= Math.max(here * mostLoss.share, here + mostLoss.ms);
  return gains(there, here, way.class > current.class ? muchShorter : shorter);
}

/** An endpoint that is no candidate is one of the rest. */
export const classOf = ({ candidates }: Choices, endpoint: Endpoint): CandidateClass =>
  candidates.find((candidate) => candidate.endpoint === endpoint)?.class ?? classes.other;

/**
 * Candidates that may be better than the endpoint in use: by what they are, or by the round trips of earlier races. Of
 * one class, the best; none as a rule.
 */
export function promising(
  choices: Choices,
  current: Endpoint,
  roundTrips: ReadonlyMap<Endpoint, number>,
): readonly Endpoint[] {
  const here = { class: classOf(choices, current), roundTrip: roundTrips.get(current) };
  const isPromising = (candidate: Choices["candidates"][number]): boolean => {
    if (candidate.class < here.class) return true;
    const roundTrip = roundTrips.get(candidate.endpoint);
    if (roundTrip === undefined || here.roundTrip === undefined) return false;
    return isBetter({ class: candidate.class, roundTrip }, { class: here.class, roundTrip: here.roundTrip });
  };
  const better = choices.candidates.filter((each) => each.endpoint !== current && isPromising(each));
  const best = Math.min(...better.map((each) => each.class));
  const bestOnes = better.filter((each) => each.class === best).slice(0, mostEndpoints);
  return bestOnes.map(({ endpoint }) => endpoint);
}

/** Why `to` was taken, for an operator. */
export function gainText(to: Way, from: Way): string {
  const times = `${to.roundTrip} ms instead of ${from.roundTrip} ms`;
  if (to.class === classes.preferred && from.class !== classes.preferred)
    return `dial.prefer names it; ${times}`;
  return to.class < from.class ? `on a network of this node; ${times}` : `a far shorter round trip: ${times}`;
}
