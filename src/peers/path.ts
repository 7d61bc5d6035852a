import type { Endpoint } from "../net/index.ts";
import type { Answer } from "../port/index.ts";
import { type Choices, promising } from "./better-way.ts";
import type { Budget } from "./budget.ts";
import { type RoundTrips, withRoundTrip } from "./round-trips.ts";

/**
 * - `measuring`: the endpoint in use is asked, alone; that changes nothing
 * - `asking`: the better ones are; the peer sends there from then on, so only such are asked as it may stay at
 * - `returning`: none was better: asked where it was before, the peer goes back
 * - `settling`: one was better: packets that were under way may turn either side round once more
 *
 * In the last two, what we send goes to one endpoint only (holds.ts).
 */
type Stage = "measuring" | "asking" | "returning" | "settling";

/** Whether a better way is better. Times in milliseconds. */
export interface Search {
  readonly stage: Stage;
  readonly from: Endpoint;
  readonly asked: readonly Endpoint[];
  readonly stageAt: number;
  /** Of the last volley or move; how many there were in this stage, and how many of them were answered. */
  readonly actedAt: number;
  readonly acts: number;
  readonly samples: number;
  /** Of the last answer that was counted: when it was asked for. */
  readonly countedAt: number;
  /** The shortest round trips found. */
  readonly here?: number;
  readonly there?: { readonly endpoint: Endpoint; readonly roundTrip: number };
  readonly reason?: string;
  /** While it settles: asked once more where it is to stay. */
  readonly isReminded?: boolean;
}

/** A peer that was connected all the time, at another endpoint from then on. */
export interface EndpointChange {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly reason: string;
}

/** Where a peer is reached, and what is known of better ways. Kept while it is down. Times in milliseconds. */
export interface Path {
  readonly endpoint: Endpoint;
  /** When it was first seen to be in use. */
  readonly since: number;
  readonly isUp: boolean;
  readonly changes: number;
  readonly lastChange?: EndpointChange;
  /** How often in a row it went straight back to where it had been, each soon after the change before. */
  readonly turns?: number;
  /** Of the last answer to a race. */
  readonly roundTrips: RoundTrips;
  /** Promising candidates that are no news. */
  readonly known: readonly Endpoint[];
  /** Searches in a row, each a while after the one before. */
  readonly searches: number;
  readonly searchedAt?: number;
  /** When a better way was taken. */
  readonly takenAt?: number;
  readonly search?: Search | undefined;
}

/** Of all peers, and what searching for better ways may cost. */
export interface Ways {
  /** By public key, of peers that were up. */
  readonly paths: ReadonlyMap<string, Path>;
  readonly budget: Budget;
}

/** One look at a peer. */
export interface Sight {
  readonly choices: Choices;
  /** That WireGuard sends to. */
  readonly endpoint: Endpoint | undefined;
  readonly isUp: boolean;
  /** Of the session, in milliseconds since 1970. */
  readonly handshakeAt: number | undefined;
  /** To the last race. */
  readonly answer: Answer | undefined;
}

/** What a look adds. During a search the endpoint may go back and forth; what comes of it is noted at its end. */
export function followPath(before: Path | undefined, sight: Sight, now: number): Path | undefined {
  const { endpoint, isUp } = sight;
  if (endpoint === undefined || (!before && !isUp)) return before;
  const roundTrips = noteAnswer(before?.roundTrips ?? new Map(), sight.answer);
  if (!before) {
    const known = promising(sight.choices, endpoint, roundTrips);
    return { endpoint, since: now, isUp, changes: 0, roundTrips, known, searches: 0 };
  }
  const path = { ...before, roundTrips };
  if (!isUp) return { ...path, search: undefined, isUp };
  if (path.search) return path;
  const changed = withEndpoint(
    path,
    sight,
    before.isUp ? "the peer sends from there" : "connected anew",
    now,
  );
  return before.isUp ? changed : { ...changed, isUp, since: now };
}

/** The endpoint that is seen now, and why if it is another one. */
export function withEndpoint(path: Path, sight: Sight, reason: string, now: number): Path {
  const { endpoint = path.endpoint, choices } = sight;
  if (endpoint === path.endpoint) return path;
  const { changes, endpoint: from, roundTrips } = path;
  const known = promising(choices, endpoint, roundTrips);
  const lastChange = { at: now, from, to: endpoint, reason };
  const before = path.lastChange;
  const isTurn = before?.from === endpoint && now - before.at < soonMs;
  const turns = isTurn ? (path.turns ?? 0) + 1 : 0;
  return { ...path, endpoint, since: now, changes: changes + 1, lastChange, turns, known };
}

/** A peer that moves is seen at one new endpoint. One that goes back this soon is in two places, ms. */
const soonMs = 5 * 60_000;
/** A way that is lost and comes back turns a peer round once or twice. */
const mostTurns = 4;

/** The two endpoints between which a peer goes back and forth, if it does so now. */
export function unsettledBetween(
  path: Path | undefined,
  now: number,
): readonly [Endpoint, Endpoint] | undefined {
  const { lastChange, turns = 0 } = path ?? {};
  if (!lastChange || turns < mostTurns || now - lastChange.at >= soonMs) return undefined;
  return [lastChange.from, lastChange.to];
}

/** What is new of these paths. */
export const changesSince = (
  before: Ways | undefined,
  after: readonly { readonly peer: { publicKey: string; label: string }; readonly path: Path | undefined }[],
): readonly (EndpointChange & { readonly label: string })[] =>
  after.flatMap(({ peer: { publicKey, label }, path }) =>
    path?.lastChange && path.changes !== before?.paths.get(publicKey)?.changes
      ? [{ ...path.lastChange, label }]
      : [],
  );

function noteAnswer(before: RoundTrips, answer: Answer | undefined): RoundTrips {
  const roundTrip = answer && answer.answeredAt - answer.sentAt;
  // Below nothing only where somebody has set the clock.
  if (!answer || roundTrip === undefined || roundTrip < 0 || before.get(answer.endpoint) === roundTrip)
    return before;
  return withRoundTrip(before, answer.endpoint, roundTrip);
}
