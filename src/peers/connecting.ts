import type { Endpoint } from "../net/index.ts";
import type { Answer } from "../port/index.ts";
import type { Connecting } from "./connection.ts";
import { handOverInMs, handshakeTimeMs, precedenceLeftMs } from "./hand-over.ts";
import { postponedPoll, pursuitPoll } from "./pace.ts";
import { costOf, type IdleAction, keep, type Proposal, type Step, type View } from "./proposal.ts";
import { nextRound, type Pair, type Race, roundDueInMs } from "./race.ts";
import type { Received } from "./received.ts";
import { type Attempt, attemptDueInMs, nextAttempt } from "./rotation.ts";
import { connectingRound } from "./round.ts";
import type { Lost } from "./seen.ts";
import { besideRacing, type RotationTimings, raceTimings, rotationTimings } from "./timings.ts";

/**
 * What a peer that is not connected needs next:
 * - `dial`: WireGuard tries an endpoint
 * - `race`: candidates get an initiation from this node
 * - `wait`: nothing, for so many milliseconds; `undefined`: until something changes
 */
export type Need =
  | { readonly kind: "dial"; readonly attempt: Attempt }
  | { readonly kind: "race"; readonly race: Race; readonly endpoints: readonly Endpoint[] }
  | { readonly kind: "wait"; readonly forMs: number | undefined };

/** What of a peer decides about serial attempts. */
export interface Situation {
  readonly candidates: readonly Endpoint[];
  /** Those that are direct; absent where all are. */
  readonly direct?: readonly Endpoint[] | undefined;
  readonly last: Attempt | undefined;
  /** Something was received of the peer since WireGuard has it. */
  readonly isHeard: boolean;
}

/** What racing adds to it. */
export interface RacingSituation {
  readonly race: Race | undefined;
  readonly received: Received;
  readonly keys: Pair;
  /** Serial attempts join in after some rounds in vain. */
  readonly mayDialSerially: boolean;
}

/** A peer that is not connected: it is raced, and dialled where it answered; or its endpoints are dialled in turn. */
export function connect(seen: Lost, view: View, now: number): Step {
  const { shared, state, counters, race, turn } = seen;
  const next: Connecting = { ...shared, phase: "connecting", state, counters, race, turn };
  const need = needOf(next, view, now);
  const step = { next, do: idle(view) };
  const pursuit = { attempt: shared.attempt, race, peers: view.peers };
  return need.kind === "wait"
    ? { ...step, pollInMs: pursuitPoll(pursuit, need.forMs, now) }
    : { ...step, proposal: proposalOf(need, next, view, now), pollInMs: postponedPoll(view.peers) };
}

function proposalOf(
  need: Exclude<Need, { readonly kind: "wait" }>,
  next: Connecting,
  { peers }: View,
  now: number,
): Proposal {
  const after = need.kind === "dial" ? { ...next, attempt: need.attempt } : { ...next, race: need.race };
  const action =
    need.kind === "dial"
      ? ({ kind: "dial", endpoint: need.attempt.endpoint } as const)
      : ({ kind: "race", endpoints: need.endpoints } as const);
  const { attempt, race } = after;
  const pollInMs = pursuitPoll({ attempt, race, peers }, undefined, now);
  return { cost: costOf(action), after, do: action, pollInMs };
}

/** Whom WireGuard does not call yet it must not call by itself: it is not known where the peer answers. */
const idle = ({ observed }: View): IdleAction =>
  observed !== undefined && observed.keepaliveSeconds > 0 ? keep : { kind: "wait" };

function needOf({ attempt: last, race, received }: Connecting, view: View, now: number): Need {
  const { racing, observed, spec } = view;
  const isHeard = (observed?.receivedBytes ?? 0) > 0; // counted from zero since the attempt
  const situation = { candidates: spec.endpoints, direct: spec.direct, last, isHeard };
  if (!racing) return serialNeed(situation, now);
  const keys = { own: racing.ownKey, peer: spec.publicKey };
  const mayDialSerially = racing.mayDialSerially && observed !== undefined;
  return racingNeed(situation, { race, received, keys, mayDialSerially }, now);
}

const wait = (forMs: number | undefined): Need => ({ kind: "wait", forMs });

/** One endpoint after the other. */
function serialNeed(situation: Situation, now: number, timings: RotationTimings = rotationTimings): Need {
  const attempt = nextAttempt(situation, now, timings);
  return attempt ? { kind: "dial", attempt } : wait(attemptDueInMs(situation.last, now, timings));
}

/** All endpoints at once; WireGuard dials the one that answered. */
export function racingNeed(situation: Situation, racing: RacingSituation, now: number): Need {
  const { candidates, direct, last } = situation;
  const { race, received, keys } = racing;
  if (candidates.length === 0) return wait(undefined);
  const busy = handshakeLeftMs(situation, race, now);
  if (busy > 0) return wait(busy);
  const precedence = precedenceLeftMs(received, keys, now);
  if (precedence > 0) return wait(precedence);
  const answer = race?.answer;
  if (answer && (!last || answer.answeredAt > last.since)) return handOver(answer, situation, now);
  const dueIn = roundDueInMs(race, candidates, keys, now);
  if (dueIn === 0)
    return {
      kind: "race",
      race: nextRound(race, candidates, now),
      endpoints: connectingRound({ endpoints: candidates, direct }, race),
    };
  return withSerial(situation, racing, dueIn, now);
}

/** A handshake of WireGuard's that is under way: an initiation of ours would undo it. */
function handshakeLeftMs({ last, isHeard }: Situation, race: Race | undefined, now: number): number {
  if (!last) return 0;
  const longest = raceTimings.handshakeMs + (isHeard ? rotationTimings.answeringMs : 0);
  const answer = race?.answer;
  const time =
    answer?.endpoint === last.endpoint ? Math.min(longest, handshakeTimeMs(answer, last.round)) : longest;
  return Math.max(0, last.since + time - now);
}

function handOver(answer: Answer, { candidates, last }: Situation, now: number): Need {
  const dueIn = handOverInMs(answer, now);
  if (dueIn > 0) return wait(dueIn);
  const round = last ? last.round + 1 : 0;
  const attempt = { ...last, endpoint: answer.endpoint, since: now, round, known: candidates };
  return { kind: "dial", attempt };
}

function withSerial(
  situation: Situation,
  { race, received, mayDialSerially }: RacingSituation,
  roundInMs: number,
  now: number,
): Need {
  const inVain = race?.rounds ?? 0;
  // A peer takes no two initiations within 20 ms, whoever of us makes them.
  const isQuiet = race !== undefined && now - race.lastAt > 2 * raceTimings.initiationGapMs;
  const isConnecting = received.at !== undefined && now - received.at < raceTimings.halfSessionMs;
  if (!mayDialSerially || inVain < raceTimings.roundsAlone || !isQuiet || isConnecting)
    return wait(roundInMs);
  const serial = serialNeed(situation, now, besideRacing);
  return serial.kind === "wait" ? wait(Math.min(roundInMs, serial.forMs ?? roundInMs)) : serial;
}
