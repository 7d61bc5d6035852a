import type { Endpoint } from "../net/index.ts";
import type { Answer } from "../port/index.ts";
import { type Contest, type Heard, handOverIn, handshakeTime, type Pair, precedenceLeft } from "./contest.ts";
import { nextVolley, volleyDueIn } from "./rhythm.ts";
import {
  type Attempt,
  attemptDueIn,
  besideRacing,
  dwellOf,
  nextAttempt,
  type RotationTimings,
  rotationTimings,
} from "./rotation.ts";
import type { SearchStep } from "./search.ts";
import type { PeerState } from "./state.ts";
import { raceTimings } from "./timings.ts";
import { volleyOf } from "./volley.ts";

/**
 * What a peer that is not connected, or of which something is missing, wants next:
 * - `dial`: WireGuard tries this endpoint
 * - `race`: all candidates get an initiation from us
 * - `move`: this endpoint takes the place of one that answers no more; the session goes on
 * - `wait`: nothing, for so many milliseconds; `undefined`: until something changes
 */
export type Wish =
  | { readonly kind: "dial"; readonly attempt: Attempt }
  | { readonly kind: "race"; readonly contest: Contest; readonly endpoints: readonly Endpoint[] }
  | { readonly kind: "move"; readonly endpoint: Endpoint }
  | { readonly kind: "wait"; readonly forMs: number | undefined };

export interface Situation {
  readonly state: PeerState;
  readonly candidates: readonly Endpoint[];
  readonly last: Attempt | undefined;
  /** The peer was heard since WireGuard has it. */
  readonly isHeard: boolean;
}

/** What racing adds to it. */
export interface RacingSituation {
  readonly contest: Contest | undefined;
  readonly heard: Heard;
  readonly keys: Pair;
  /** Serial attempts join in after some volleys in vain. */
  readonly mayDialSerially: boolean;
}

const wait = (forMs: number | undefined): Wish => ({ kind: "wait", forMs });

/** One endpoint after the other. */
export function serialWish(
  situation: Situation,
  now: number,
  timings: RotationTimings = rotationTimings,
): Wish {
  const attempt = nextAttempt(situation, now, timings);
  return attempt ? { kind: "dial", attempt } : wait(attemptDueIn(situation.last, now, timings));
}

/** All endpoints at once; WireGuard dials the one that answered. */
export function racingWish(situation: Situation, racing: RacingSituation, now: number): Wish {
  const { candidates, last } = situation;
  const { contest, heard, keys } = racing;
  if (situation.state === "up" || candidates.length === 0) return wait(undefined);
  const busy = handshakeLeft(situation, contest, now);
  if (busy > 0) return wait(busy);
  const precedence = precedenceLeft(heard, keys, now, raceTimings);
  if (precedence > 0) return wait(precedence);
  const answer = contest?.answer;
  if (answer && (!last || answer.answeredAt > last.since)) return handOver(answer, situation, now);
  const dueIn = volleyDueIn(contest, candidates, keys, now, raceTimings);
  if (dueIn === 0)
    return {
      kind: "race",
      contest: nextVolley(contest, candidates, now),
      endpoints: volleyOf(candidates, contest?.known ?? [], contest?.volleys ?? 0),
    };
  return withSerial(situation, racing, dueIn, now);
}

/**
 * Volleys that go to the endpoint in use alone, a quarter of a second apart: it may be slower than another one, or lose
 * packets, and is no worse for that. Where one in five gets lost each way, all four go unanswered once in sixty times.
 */
const volleysToCurrent = 4;

/**
 * A connected peer of which something is missing. The endpoint in use is asked first, and alone; if it stays silent, all
 * candidates and that one are, and where the peer answers from is where it is reached from now on.
 */
export function verifyingWish(
  candidates: readonly Endpoint[],
  current: Endpoint | undefined,
  contest: Contest | undefined,
  keys: Pair,
  now: number,
): Wish {
  const { answer, volleys = 0 } = contest ?? {};
  if (answer && answer.endpoint !== current) return { kind: "move", endpoint: answer.endpoint };
  const all = [...new Set([...(current === undefined ? [] : [current]), ...candidates])];
  const endpoints =
    volleys < volleysToCurrent && current !== undefined
      ? [current]
      : volleyOf(all, contest?.known ?? [], volleys);
  const paced = contest && { ...contest, volleys: Math.max(1, volleys - volleysToCurrent + 1) };
  const dueIn = endpoints.length === 0 ? undefined : volleyDueIn(paced, candidates, keys, now, raceTimings);
  return dueIn === 0 ? verify(endpoints, candidates, contest, now) : wait(dueIn);
}

/** A volley to a peer that is connected. */
const verify = (
  endpoints: readonly Endpoint[],
  candidates: readonly Endpoint[],
  contest: Contest | undefined,
  now: number,
): Wish => ({
  kind: "race",
  contest: { ...nextVolley(contest, candidates, now), verifies: true },
  endpoints,
});

/** A connected peer for which there may be a better endpoint. */
export function searchingWish(
  { ask, move, forMs }: SearchStep,
  candidates: readonly Endpoint[],
  contest: Contest | undefined,
  now: number,
): Wish {
  if (move !== undefined) return { kind: "move", endpoint: move };
  return ask ? verify(ask, candidates, contest, now) : wait(forMs);
}

/** A handshake of WireGuard's that is under way: an initiation of ours would undo it. */
function handshakeLeft({ last, isHeard }: Situation, contest: Contest | undefined, now: number): number {
  if (!last) return 0;
  const longest = raceTimings.handshake + (isHeard ? rotationTimings.answering : 0);
  const answer = contest?.answer;
  const time =
    answer?.endpoint === last.endpoint
      ? Math.min(longest, handshakeTime(answer, last.round, raceTimings))
      : longest;
  return Math.max(0, last.since + time - now);
}

function handOver(answer: Answer, { candidates, last }: Situation, now: number): Wish {
  const dueIn = handOverIn(answer, now, raceTimings);
  if (dueIn > 0) return wait(dueIn);
  const round = last ? last.round + 1 : 0;
  const attempt = { ...last, endpoint: answer.endpoint, since: now, round, known: candidates };
  return { kind: "dial", attempt };
}

/**
 * A peer that is heard has an address of ours that works, and perhaps a session that lacks one packet of its: then its
 * next keepalive completes it, and to take the peer out of the device would leave it with half a session. Milliseconds.
 */
const halfSession = 30_000;

function withSerial(
  situation: Situation,
  { contest, heard, mayDialSerially }: RacingSituation,
  volleyIn: number,
  now: number,
): Wish {
  const inVain = contest?.volleys ?? 0;
  // A peer takes no two initiations within 20 ms, whoever of us makes them.
  const isQuiet = contest !== undefined && now - contest.lastAt > 2 * raceTimings.initiationGap;
  const isConnecting = heard.at !== undefined && now - heard.at < halfSession;
  if (!mayDialSerially || inVain < raceTimings.volleysAlone || !isQuiet || isConnecting)
    return wait(volleyIn);
  const serial = serialWish(situation, now, besideRacing);
  return serial.kind === "wait" ? wait(Math.min(volleyIn, serial.forMs ?? volleyIn)) : serial;
}

/** How long a peer's first endpoints may take until it counts as down. */
export const connectTimeout = (last: Attempt | undefined): number =>
  last?.round === 0 || !last ? dwellOf(0, rotationTimings) : 0;
