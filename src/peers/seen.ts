import type { Answer } from "../port/index.ts";
import { keepaliveSeconds, type ObservedPeer } from "../wireguard/index.ts";
import type { Connection, Shared } from "./connection.ts";
import { type Counters, count, isShaken, verdictOf, verified } from "./counters.ts";
import { isCutOff } from "./outflow.ts";
import { followPath, type Path, type Sight } from "./path.ts";
import { oneMoreWrong, patienceMs } from "./patience.ts";
import { probeOver } from "./probe-over.ts";
import type { View } from "./proposal.ts";
import type { Race } from "./race.ts";
import { receive } from "./received.ts";
import { connectTimeoutMs } from "./rotation.ts";
import type { PeerSpec } from "./spec.ts";
import { type PeerState, peerState } from "./state.ts";
import { isGone } from "./taken.ts";
import { monitoringTimings, peerDownIntervalMs } from "./timings.ts";
import type { Turn } from "./turns.ts";
import { isWatched } from "./watched.ts";

/** What one poll shows of a peer, whatever the phase: what all phases share is brought up to date with it. */
interface SeenBase {
  readonly shared: Shared;
  readonly sight: Sight;
  readonly race: Race | undefined;
  readonly turn: Turn | undefined;
}

/** There is no session, or nothing is received in it any more (then with its counters). */
export interface Lost extends SeenBase {
  readonly is: "lost";
  readonly state: Exclude<PeerState, "up">;
  readonly counters: Counters | undefined;
}

/** There is a session; of a doubtful one something is missing. */
export interface Connected extends SeenBase {
  readonly is: "doubtful" | "sound";
  readonly counters: Counters;
}

/** Brings what all phases share up to date with one poll, and judges whether the peer is connected. */
export function see(before: Connection | undefined, view: View, now: number): Lost | Connected {
  const { spec, observed, racing } = view;
  const { race, turn } = !before || before.phase === "up" ? nothing : before;
  const raced = racing && race;
  const session = sessionOf(before, raced, observed, now);
  const counters =
    observed && session === "up"
      ? patient(countersOf(before, spec, observed, raced, now), before, view, now)
      : undefined;
  const verdict = counters && verdictOf(counters, now, monitoringTimings, isShort(observed));
  const roundTrips = before?.roundTrips ?? new Map();
  const { endpoint, handshakeAt } = observed ?? {};
  const sight = { choices: spec, roundTrips, endpoint, handshakeAt };
  const received = receive(before?.received, observed?.receivedBytes ?? 0, now);
  const { path, attempt } = before ?? {};
  const shared: Shared = { received, roundTrips, path, attempt };
  const common = { sight, race: raced, turn };
  const { unsentSince } = view;
  const isSilent =
    verdict === "silent" || (counters && isCutOff(counters, unsentSince, "silentUnansweredMs", now));
  if (!counters || isSilent || isGone(counters, raced, view)) {
    const isDown = counters !== undefined || session !== "unknown" || raced?.verifies === true;
    return { ...common, is: "lost", state: isDown ? "down" : "unknown", counters, shared };
  }
  const { shakenAt = 0, takenAt = 0, contestedAt = 0, askedAt = 0, isRelayLost = false } = view;
  const isDoubtful =
    verdict === "doubtful" ||
    isRelayLost ||
    isCutOff(counters, unsentSince, "doubtfulUnansweredMs", now) ||
    isShaken(counters, Math.max(shakenAt, takenAt, contestedAt, askedAt));
  const followed = pathOf(before, sight, { isEnded: isDoubtful || !racing }, now);
  const kept = attempt && attempt.round > 0 ? { ...attempt, round: 0 } : attempt;
  return {
    ...common,
    is: isDoubtful ? "doubtful" : "sound",
    counters,
    shared: { ...shared, path: followed, attempt: kept },
  };
}

const isShort = (observed: ObservedPeer | undefined): boolean =>
  observed !== undefined && observed.keepaliveSeconds > 0 && observed.keepaliveSeconds < keepaliveSeconds;

const nothing = { race: undefined, turn: undefined };

function sessionOf(
  before: Connection | undefined,
  race: Race | undefined,
  observed: ObservedPeer | undefined,
  now: number,
): PeerState {
  const attempt = before?.attempt;
  const endpointSetAt = attempt?.since ?? (race?.verifies ? undefined : race?.firstAt);
  const times = { endpointSetAt, handshakeAt: observed?.handshakeAt };
  return peerState(times, now, { connectTimeoutMs: connectTimeoutMs(attempt), peerDownIntervalMs });
}

/** What the counters tell, the peer's addresses, and the race that was to find out more. */
function countersOf(
  before: Connection | undefined,
  spec: PeerSpec,
  observed: ObservedPeer,
  race: Race | undefined,
  now: number,
): Counters {
  const seen = count(before?.counters, observed, now);
  const isElsewhere = spec.allowedIPs.some((prefix) => !observed.allowedIPs.includes(prefix));
  const counters = isElsewhere ? { ...seen, doubtedAt: now } : seen;
  const answer = race?.verifies && race.answer;
  const proof = answer && answer.endpoint === observed.endpoint ? answer : undefined;
  const wrong = isWrong(before, observed, proof) && { wrong: oneMoreWrong(counters.wrong, now) };
  return { ...(proof ? verified(counters, proof.answeredAt) : counters), ...wrong };
}

/** Whether data that was missed came after all, or the path that was doubted for it led to the peer. */
function isWrong(before: Connection | undefined, observed: ObservedPeer, proof: Answer | undefined): boolean {
  if (before?.phase !== "doubted" || before.path?.endpoint !== observed.endpoint) return false;
  const { unansweredAt, verifiedAt = 0, receivedBytes } = before.counters;
  if (unansweredAt === undefined || !before.race) return false;
  return (
    observed.receivedBytes !== receivedBytes || (proof?.answeredAt ?? 0) > Math.max(unansweredAt, verifiedAt)
  );
}

/** The counters with how long an answer may be missing, where that is to be found out soon. */
function patient(counters: Counters, before: Connection | undefined, view: View, now: number): Counters {
  const { patienceMs: known, ...rest } = counters;
  const { unansweredAt, talk, wrong } = counters;
  const endpoint = view.observed?.endpoint;
  if (unansweredAt === undefined || endpoint === undefined || !isWatched(view)) return rest;
  // A doubt goes on as it began.
  if (before?.phase === "doubted" && known !== undefined && before.counters.wrong === wrong) return counters;
  const { path, roundTrips } = before ?? {};
  const roundTripMs = roundTrips?.get(endpoint);
  const isUnderWay = !before || leadsElsewhere(before) || path?.endpoint !== endpoint;
  const unanswered = { unansweredAt, talk, wrong, path, isUnderWay, roundTripMs };
  return { ...rest, patienceMs: patienceMs(unanswered, now) };
}

/** Whether packets of this peer may be under way on several paths. To probe the one in use alone leads none elsewhere. */
function leadsElsewhere(connection: Connection): boolean {
  switch (connection.phase) {
    case "up":
    case "doubted":
      return false;
    case "probing":
      return connection.probe.stage === "there";
    case "connecting":
    case "settling":
    case "returning":
      return true;
  }
}

/** During a probe and a move the endpoint may go back and forth; what comes of it is noted at the end. */
function pathOf(
  before: Connection | undefined,
  sight: Sight,
  { isEnded }: { readonly isEnded: boolean },
  now: number,
): Path | undefined {
  switch (before?.phase) {
    case undefined:
    case "connecting":
      return followPath(before?.path, sight, false, now);
    case "up":
    case "doubted":
      return followPath(before.path, sight, true, now);
    case "probing":
      return isEnded ? probeOver(before.path, before.probe, sight, now) : before.path;
    case "settling":
    case "returning":
      return isEnded ? probeOver(before.path, before.move, sight, now) : before.path;
  }
}
