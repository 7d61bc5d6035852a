import type { Endpoint } from "../net/index.ts";
import type { Move, ProbeThere, Returning, Settling } from "./connection.ts";
import { verified } from "./counters.ts";
import { monitoringPoll } from "./pace.ts";
import { type Path, withEndpoint } from "./path.ts";
import { probeOver } from "./probe-over.ts";
import { costOf, keep, type Step, type View } from "./proposal.ts";
import { nextVerifyingRound } from "./race.ts";
import type { Connected } from "./seen.ts";
import { probeTimings, settlingTimings } from "./timings.ts";

/** The better path is taken: WireGuard is told to send there. */
export function settling(
  probe: ProbeThere,
  { endpoint, reason }: { readonly endpoint: Endpoint; readonly reason: string },
  { seen, path }: { readonly seen: Connected; readonly path: Path },
  now: number,
): Step {
  const { shared, counters, race, turn, sight } = seen;
  const common = { ...shared, race, turn };
  const action = { kind: "move", endpoint } as const;
  const pollInMs = settlingTimings.shortestMoveMs;
  return {
    next: { ...common, counters, path, phase: "probing", probe },
    do: keep,
    proposal: {
      cost: costOf(action),
      after: {
        ...moved({ ...common, counters, path }, endpoint, now),
        path: { ...withEndpoint(path, { ...sight, endpoint }, reason, now), movedAt: now },
        phase: "settling",
        move: moveTo(endpoint, probe, now),
      },
      do: action,
      pollInMs,
    },
    pollInMs,
  };
}

/** None was better: the peer, which sends to where it was probed last, is probed where it was before. */
export function returning(
  probe: ProbeThere,
  { seen, view, path }: { readonly seen: Connected; readonly view: View; readonly path: Path },
  now: number,
): Step {
  const { shared, counters, race, turn } = seen;
  const common = { ...shared, counters, race, turn, path };
  const action = { kind: "race", endpoints: [probe.from] } as const;
  const pollInMs = probeTimings.answerMs;
  return {
    next: { ...common, phase: "probing", probe },
    do: keep,
    proposal: {
      cost: costOf(action),
      after: {
        ...common,
        phase: "returning",
        race: nextVerifyingRound(race, view.spec.endpoints, now),
        move: moveTo(probe.from, probe, now),
      },
      do: action,
      pollInMs,
    },
    pollInMs,
  };
}

const moveTo = (to: Endpoint, { from, promising, hereMs }: ProbeThere, now: number): Move => ({
  from,
  to,
  promising,
  since: now,
  toldAt: now,
  told: 1,
  isReminded: false,
  hereMs,
});

/**
 * Until nothing is under way any more on the path that was left; so long packets are pinned (pins.ts). Halfway the peer
 * is probed once more: by then the last of ours has arrived there, and nothing turns the peer back afterwards, even where
 * we have nothing to send.
 */
export function settle(before: Settling | Returning, seen: Connected, view: View, now: number): Step {
  const { move, path, phase } = before;
  const { shared, counters, race, turn, sight } = seen;
  const { endpoint = move.to } = sight;
  const isElsewhere = ![move.to, move.from, ...move.promising].includes(endpoint);
  const elapsed = now - move.since;
  const time = settlingTimeMs(move);
  const isThere = endpoint === move.to;
  if (isElsewhere || elapsed < 0 || elapsed >= (isThere ? time : 2 * time))
    return {
      next: { ...shared, phase: "up", counters, path: probeOver(path, move, sight, now) },
      do: keep,
      pollInMs: monitoringPoll(counters, view, now),
    };
  const next = { ...shared, phase, counters, race, turn, path, move };
  const moveIn = isThere ? undefined : nextMoveAt(move) - now;
  const remindIn = move.isReminded ? undefined : remindAfterMs(move) - elapsed;
  const { shortestMoveMs: pollInMs, longestMoveMs } = settlingTimings;
  if (moveIn !== undefined && moveIn <= 0) {
    const action = { kind: "move", endpoint: move.to } as const;
    const told = { ...move, toldAt: now, told: move.told + 1 };
    const after = { ...moved(next, move.to, now), move: told };
    return { next, do: keep, proposal: { cost: costOf(action), after, do: action, pollInMs }, pollInMs };
  }
  if (remindIn !== undefined && remindIn <= 0) {
    const action = { kind: "race", endpoints: [move.to] } as const;
    const asked = nextVerifyingRound(race, view.spec.endpoints, now);
    const after = { ...next, race: asked, move: { ...move, isReminded: true } };
    return { next, do: keep, proposal: { cost: costOf(action), after, do: action, pollInMs }, pollInMs };
  }
  return { next, do: keep, pollInMs: Math.min(moveIn ?? longestMoveMs, remindIn ?? longestMoveMs) };
}

/** WireGuard sends there from then on, and what was missing where it sent before is no matter any more. */
const moved = <Part extends Pick<Settling, "counters" | "attempt">>(
  before: Part,
  endpoint: Endpoint,
  now: number,
): Part => ({
  ...before,
  counters: verified(before.counters, now),
  attempt: before.attempt && { ...before.attempt, endpoint },
});

const nextMoveAt = ({ toldAt, told }: Move): number => {
  const { shortestMoveMs, longestMoveMs } = settlingTimings;
  return toldAt + Math.min(shortestMoveMs * 2 ** (told - 1), longestMoveMs);
};

/** The milliseconds after which the peer is probed once more. */
const remindAfterMs = ({ hereMs }: Move): number =>
  probeTimings.answerMs + probeTimings.answerRoundTrips * hereMs;

const settlingTimeMs = ({ hereMs }: Move): number => {
  const { settlingMs, settlingRoundTrips, longestMs } = settlingTimings;
  return Math.min(settlingMs + settlingRoundTrips * hereMs, longestMs);
};
