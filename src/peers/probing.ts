import type { Endpoint } from "../net/index.ts";
import type { Answer } from "../port/index.ts";
import { anew, leftToPeerMs } from "./anew.ts";
import { classOf, gainText, inTurns, isBetter, type Measured, promising } from "./better-path.ts";
import { isStandIn } from "./candidates/index.ts";
import type { Probe, ProbeHere, ProbeThere, Probing, Up } from "./connection.ts";
import { monitoringPoll, relayedPoll } from "./pace.ts";
import type { Path } from "./path.ts";
import { isDue, isForgotten, mayBegin } from "./probe-due.ts";
import { probeOver } from "./probe-over.ts";
import { costOf, keep, type Proposal, type Step, type View } from "./proposal.ts";
import { nextVerifyingRound } from "./race.ts";
import { isRelayed } from "./relays.ts";
import type { Connected } from "./seen.ts";
import { returning, settling } from "./settling.ts";
import { probeLimits, probeTimings, raceTimings } from "./timings.ts";

/** A connected peer of which nothing is missing. It is probed where a better path may be. */
export function rest(seen: Connected, view: View, now: number): Step {
  const proposal = view.racing && begin(seen, view, now);
  return { ...atRest(seen, view, now), ...(proposal && { proposal }) };
}

/** Up, with nothing to do but to watch the counters. */
function atRest({ shared, counters, sight }: Connected, view: View, now: number, path = shared.path): Step {
  const up: Up = { ...shared, path, phase: "up", counters };
  const poll = isRelayed(view.spec, sight.endpoint) ? relayedPoll : monitoringPoll;
  return { next: up, do: keep, pollInMs: poll(counters, view, now) };
}

function begin(seen: Connected, view: View, now: number): Proposal | undefined {
  const { sight, shared } = seen;
  const { path } = shared;
  if (!path || sight.endpoint !== path.endpoint || !mayBegin(path, sight.choices, sight.handshakeAt, now))
    return undefined;
  const { endpoint: from } = path;
  const better = promising(sight.choices, from, sight.roundTrips);
  if (!isDue(path, better, sight.choices, now)) return undefined;
  const probes = isForgotten(path, now) ? 1 : path.probes + Math.sign(better.length);
  const first: ProbeHere = { stage: "here", from, promising: better, ...firstRound(now), hereMs: undefined };
  const begun = { ...path, probes, probedAt: now };
  // What only measures has time, and waits for a full bucket.
  const cost = better.length > 0 ? 1 : probeLimits.most;
  return asking([from], first, seen, { view, path: begun, cost }, now);
}

/** A peer that is being probed, and of which nothing is missing. */
export function probe(before: Probing, seen: Connected, view: View, now: number): Step {
  const { path } = before;
  const current = counting(before.probe, seen.race?.answer);
  const sinceRound = now - current.roundAt;
  const gap = raceTimings.initiationGapMs - sinceRound;
  if (gap > 0) return waiting(current, seen, path, gap);
  const better = current.stage === "there" && betterOf(current, seen);
  if (better && isStandIn(classOf(seen.sight.choices, better.endpoint)))
    return standingIn(current, better.endpoint, { seen, view, path }, now);
  if (better) return settling(current, better, { seen, path }, now);
  const isAnswered = current.countedAt >= current.roundAt;
  if (!isAnswered && sinceRound < answerTimeMs(current))
    return waiting(current, seen, path, answerTimeMs(current) - sinceRound);
  return isEnough(current) ? next(current, seen, view, path, now) : again(current, seen, view, path, now);
}

/** The peer answered at something that stands in, and does so better: it gets a session there, unless it has begun one. */
function standingIn(
  current: Probe,
  endpoint: Endpoint,
  { seen, view, path }: { readonly seen: Connected; readonly view: View; readonly path: Path },
  now: number,
): Step {
  const { sight, race } = seen;
  if (sight.endpoint === endpoint && (sight.handshakeAt ?? 0) >= current.since)
    return atRest(seen, view, now, probeOver(path, current, sight, now));
  const waitMs = race?.answer && view.racing ? leftToPeerMs(race.answer, view.racing, view.spec, now) : 0;
  if (waitMs > 0) return waiting(current, seen, path, waitMs);
  const proposal = anew(endpoint, probing(current, seen, path), view, now);
  return { ...waiting(current, seen, path, proposal.pollInMs), proposal };
}

/** Nothing is to be sent before the answer to the last round had its time. */
const waiting = (current: Probe, seen: Connected, path: Path, pollInMs: number): Step => ({
  next: probing(current, seen, path),
  do: keep,
  pollInMs,
});

const probing = (current: Probe, { shared, counters, race, turn }: Connected, path: Path): Probing => ({
  ...shared,
  phase: "probing",
  counters,
  race,
  turn,
  path,
  probe: current,
});

/** A path that takes packets in and lets none out would lose what the peer sends meanwhile: it is given up sooner. */
function isEnough(current: Probe): boolean {
  const { stage, samples, rounds } = current;
  const { most, enough, unanswered } = probeTimings;
  const isInVain = stage === "there" && samples === 0 && rounds >= unanswered;
  const isOneEnough = stage === "here" && current.promising.length === 0;
  return samples >= (isOneEnough ? 1 : enough[stage]) || rounds >= most[stage] || isInVain;
}

/** One more round of the same stage. */
function again(current: Probe, seen: Connected, view: View, path: Path, now: number): Step {
  const asked = { ...current, roundAt: now, rounds: current.rounds + 1 };
  const endpoints =
    current.stage === "here" ? [current.from] : inTurns(seen.sight.choices, current.promising, asked.rounds);
  const proposal = asking(endpoints, asked, seen, { view, path }, now);
  return { ...waiting(current, seen, path, proposal.pollInMs), proposal };
}

/** A round of initiations, and the probe after it. */
function asking(
  endpoints: readonly Endpoint[],
  after: Probe,
  seen: Connected,
  { view, path, cost = 0 }: { readonly view: View; readonly path: Path; readonly cost?: number },
  now: number,
): Proposal {
  const action = { kind: "race", endpoints } as const;
  const race = nextVerifyingRound(seen.race, view.spec.endpoints, now);
  return {
    cost: costOf(action, cost),
    after: { ...probing(after, seen, path), race },
    do: action,
    pollInMs: after.rounds === 1 ? probeTimings.answerMs : answerTimeMs(after),
  };
}

/** The milliseconds for an answer. As long as nothing is known they double: the slowest paths take more than a second. */
const answerTimeMs = ({ hereMs, rounds }: Probe): number =>
  hereMs === undefined
    ? probeTimings.answerMs * 2 ** (rounds - 1)
    : probeTimings.answerMs + probeTimings.answerRoundTrips * hereMs;

const firstRound = (now: number) => ({ since: now, roundAt: now, rounds: 1, samples: 0, countedAt: now - 1 });

/** After the last answer that was waited for. */
function next(current: Probe, seen: Connected, view: View, path: Path, now: number): Step {
  if (current.stage === "there") return returning(current, { seen, view, path }, now);
  const { sight } = seen;
  // What does not answer now is not to be judged; whether it still works is found out elsewhere.
  const better = promising(sight.choices, current.from, sight.roundTrips);
  const { hereMs } = current;
  if (hereMs === undefined || better.length === 0)
    return atRest(seen, view, now, probeOver(path, current, sight, now));
  const isMeasured = current.samples >= probeTimings.enough.here || current.rounds >= probeTimings.most.here;
  if (!isMeasured) return again({ ...current, promising: better }, seen, view, path, now);
  const there: ProbeThere = {
    stage: "there",
    from: current.from,
    promising: better,
    ...firstRound(now),
    hereMs,
    best: undefined,
  };
  const proposal = asking(inTurns(sight.choices, better, 1), there, seen, { view, path }, now);
  return { ...waiting(current, seen, path, proposal.pollInMs), proposal };
}

/** The probe with an answer to this stage's question. */
function counting(current: Probe, answer: Answer | undefined): Probe {
  const { from, countedAt, since } = current;
  if (!answer || answer.sentAt <= countedAt || answer.sentAt < since) return current;
  const { endpoint } = answer;
  const roundTripMs = Math.round(answer.roundTripMs);
  const counted = { countedAt: answer.sentAt, samples: current.samples + 1 };
  if (current.stage === "here")
    return endpoint === from
      ? { ...current, ...counted, hereMs: Math.min(current.hereMs ?? roundTripMs, roundTripMs) }
      : current;
  if (!current.promising.includes(endpoint)) return current;
  const isBest = roundTripMs < (current.best?.roundTripMs ?? Number.POSITIVE_INFINITY);
  return { ...current, ...counted, ...(isBest && { best: { endpoint, roundTripMs } }) };
}

interface Better {
  readonly endpoint: Endpoint;
  readonly reason: string;
}

function betterOf({ from, hereMs, best }: ProbeThere, { sight: { choices } }: Connected): Better | undefined {
  if (!best) return undefined;
  const there: Measured = { class: classOf(choices, best.endpoint), roundTripMs: best.roundTripMs };
  const here: Measured = { class: classOf(choices, from), roundTripMs: hereMs };
  return isBetter(there, here) ? { endpoint: best.endpoint, reason: gainText(there, here) } : undefined;
}
