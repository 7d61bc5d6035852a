import type { Endpoint } from "../net/index.ts";
import {
  type Candidate,
  type CandidateClass,
  classAmong,
  classes,
  isStandIn,
  type WithStandIns,
} from "./candidates/index.ts";
import { type Gain, gains, mostEndpoints } from "./timings.ts";

/** What an endpoint is worth by what it is, and the round trip that was measured there. */
export interface Measured {
  readonly class: CandidateClass;
  readonly roundTripMs: number;
}

/** The endpoints at which a peer may be reached. */
export interface Choices extends WithStandIns {
  readonly candidates: readonly Pick<Candidate, "endpoint" | "class">[];
}

const isGain = (thereMs: number, hereMs: number, { ms, share }: Gain): boolean =>
  thereMs < hereMs * share && hereMs - thereMs >= ms;

/**
 * Whether to leave one endpoint for another. What only stands in for a direct path is left for any that is better of its
 * kind, and never taken in place of one. What the operator prefers is taken whatever it costs, and not left. A
 * network of this node's is taken unless it is far slower; any other endpoint if it is far faster. What goes back and
 * forth by less than these margins changes nothing, and no sequence of changes leads back to where it began: what a shared
 * network may cost is less than what another path has to gain.
 */
export function isBetter(there: Measured, here: Measured): boolean {
  const { preferred } = classes;
  const { mostLoss, muchShorter, shorter } = gains;
  const [thereMs, hereMs] = [there.roundTripMs, here.roundTripMs];
  if (isStandIn(there.class) || isStandIn(here.class)) return there.class < here.class;
  if (there.class !== here.class && (there.class === preferred || here.class === preferred))
    return there.class === preferred;
  if (there.class < here.class) return thereMs <= Math.max(hereMs * mostLoss.share, hereMs + mostLoss.ms);
  return isGain(thereMs, hereMs, there.class > here.class ? muchShorter : shorter);
}

/** The class of an endpoint. One that is no candidate is one of the rest. */
export const classOf = (choices: Choices, endpoint: Endpoint): CandidateClass =>
  classAmong(choices, endpoint, classes.other);

/**
 * Candidates that may be better than the endpoint in use: by what they are, or by the round trips of earlier races. Of
 * one class, the best; none as a rule. While something stands in for a direct path all that is direct is promising, and so
 * is what stands in and is better of its kind.
 */
export function promising(
  choices: Choices,
  current: Endpoint,
  roundTrips: ReadonlyMap<Endpoint, number>,
): readonly Endpoint[] {
  const here = { class: classOf(choices, current), roundTripMs: roundTrips.get(current) };
  const isPromising = (candidate: Choices["candidates"][number]): boolean => {
    if (candidate.class < here.class) return true;
    if (isStandIn(candidate.class)) return false;
    const roundTripMs = roundTrips.get(candidate.endpoint);
    if (roundTripMs === undefined || here.roundTripMs === undefined) return false;
    return isBetter({ class: candidate.class, roundTripMs }, { ...here, roundTripMs: here.roundTripMs });
  };
  const better = choices.candidates.filter((each) => each.endpoint !== current && isPromising(each));
  const best = Math.min(...better.map((each) => each.class));
  const bestOnes = better
    .filter((each) => isStandIn(here.class) || each.class === best)
    .slice(0, mostEndpoints);
  return bestOnes.map(({ endpoint }) => endpoint);
}

/**
 * Those of some promising endpoints to which this round of a probe goes: what is direct and what stands in take turns, as
 * the answer of a relay must not come before that of a direct path.
 */
export function inTurns(
  choices: Choices,
  promisingOnes: readonly Endpoint[],
  round: number,
): readonly Endpoint[] {
  const { direct = [], standIns = [] } = Object.groupBy(promisingOnes, (each) =>
    isStandIn(classOf(choices, each)) ? "standIns" : "direct",
  );
  const [first, second] = direct.length === 0 ? [standIns, standIns] : [direct, standIns];
  return round % 2 === 1 || second.length === 0 ? first : second;
}

/** The reason for which `to` was taken, for an operator. */
export function gainText(to: Measured, from: Measured): string {
  const times = `${to.roundTripMs} ms instead of ${from.roundTripMs} ms`;
  if (isStandIn(from.class) && !isStandIn(to.class)) return `a direct path; ${times}`;
  if (isStandIn(from.class)) return `a better stand-in; ${times}`;
  if (to.class === classes.preferred && from.class !== classes.preferred)
    return `dial.prefer names it; ${times}`;
  return to.class < from.class ? `on a network of this node; ${times}` : `a far shorter round trip: ${times}`;
}
