import type { Endpoint } from "../net/index.ts";
import { aloneOf } from "./alone.ts";
import { anew, leftToPeerMs } from "./anew.ts";
import { classOf } from "./better-path.ts";
import { isStandIn } from "./candidates/index.ts";
import type { Doubted } from "./connection.ts";
import { verified } from "./counters.ts";
import { monitoringPoll, postponedPoll, pursuitPoll } from "./pace.ts";
import { withEndpoint } from "./path.ts";
import { costOf, keep, type Proposal, type Racing, type Step, type View } from "./proposal.ts";
import { nextVerifyingRound, type Race, roundDueInMs } from "./race.ts";
import { roundOf } from "./round.ts";
import type { Connected } from "./seen.ts";
import { raceTimings } from "./timings.ts";

/**
 * A connected peer of which something is missing. The endpoint in use is raced first, and alone; if it stays silent, all
 * candidates and that one are, and where the peer answers from is where it is reached from now on. Where races do not
 * work nothing is done: it may still come, or the peer falls silent.
 */
export function doubt(seen: Connected, view: View, now: number): Step {
  const { shared, counters, race, turn } = seen;
  const next: Doubted = { ...shared, phase: "doubted", counters, race, turn };
  if (!view.racing) return { next, do: keep, pollInMs: monitoringPoll(counters, view, now) };
  const { answer } = race ?? {};
  if (answer && answer.endpoint !== seen.sight.endpoint) {
    const isAnew = isStandIn(classOf(view.spec, answer.endpoint));
    const waitMs = isAnew ? leftToPeerMs(answer, view.racing, view.spec, now) : 0;
    if (waitMs > 0) return { next, do: keep, pollInMs: waitMs };
    return {
      next,
      do: keep,
      proposal: isAnew ? anew(answer.endpoint, next, view, now) : elsewhere(answer.endpoint, seen, view, now),
      pollInMs: postponedPoll(view.peers),
    };
  }
  const { endpoints, dueInMs, nextInMs } = verifyingRound(seen, view, view.racing, now);
  // Rounds that follow each other soon need no poll between them: an answer wakes this node.
  const pursuit = {
    attempt: shared.attempt,
    race: nextInMs === undefined ? race : undefined,
    peers: view.peers,
  };
  if (dueInMs !== 0) return { next, do: keep, pollInMs: pursuitPoll(pursuit, dueInMs, now) };
  const raced = nextVerifyingRound(race, view.spec.endpoints, now);
  const action = { kind: "race", endpoints } as const;
  const proposal: Proposal = {
    cost: costOf(action),
    after: { ...next, race: raced },
    do: action,
    pollInMs: pursuitPoll(nextInMs === undefined ? { ...pursuit, race: raced } : pursuit, nextInMs, now),
  };
  return { next, do: keep, proposal, pollInMs: postponedPoll(view.peers) };
}

/** The peer answered there, and no longer where it was: its session goes on. */
function elsewhere(
  endpoint: Endpoint,
  { shared, sight, counters }: Connected,
  view: View,
  now: number,
): Proposal {
  const { path, attempt } = shared;
  const action = { kind: "move", endpoint } as const;
  const reached = verified(counters, now);
  return {
    cost: costOf(action),
    after: {
      ...shared,
      phase: "up",
      counters: reached,
      path: path && withEndpoint(path, { ...sight, endpoint }, "silent at the one before", now),
      attempt: attempt && { ...attempt, endpoint },
    },
    do: action,
    pollInMs: monitoringPoll(reached, view, now),
  };
}

interface VerifyingRound {
  readonly endpoints: readonly Endpoint[];
  /** The milliseconds until it is due; `undefined` where there are no endpoints. */
  readonly dueInMs: number | undefined;
  /** The milliseconds from it to the one after, where it goes to the endpoint in use alone because data is missed there. */
  readonly nextInMs?: number;
}

/** The next round of a doubt. */
function verifyingRound(
  { sight: { endpoint, roundTrips }, counters, race }: Connected,
  { spec: { endpoints: candidates, publicKey, direct }, isRelayLost }: View,
  { ownKey }: Racing,
  now: number,
): VerifyingRound {
  const alone = aloneOf(counters, endpoint && roundTrips.get(endpoint));
  const { rounds = 0, known = [] } = race ?? {};
  const others = candidates.slice(direct?.length).filter((each) => each !== endpoint);
  // Direct paths were tried in vain before: what matters first is another relay.
  if (isRelayLost === true && rounds === 0 && others.length > 0) return { endpoints: others, dueInMs: 0 };
  const isAlone = isRelayLost !== true && rounds < alone.rounds;
  const all = [...new Set([...(endpoint === undefined ? [] : [endpoint]), ...candidates])];
  const endpoints = isAlone && endpoint !== undefined ? [endpoint] : roundOf(all, known, rounds);
  if (endpoints.length === 0) return { endpoints, dueInMs: undefined };
  const paced: Race | undefined = race && { ...race, rounds: Math.max(1, rounds - alone.rounds + 1) };
  const isAfterAlone = isRelayLost !== true && rounds <= alone.rounds;
  const timings = isAfterAlone ? { ...raceTimings, firstIntervalMs: alone.intervalMs } : raceTimings;
  return {
    endpoints,
    dueInMs: roundDueInMs(paced, candidates, { own: ownKey, peer: publicKey }, now, timings),
    ...(isAlone && counters.patienceMs !== undefined && { nextInMs: alone.intervalMs }),
  };
}
