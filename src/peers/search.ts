import type { Endpoint } from "../net/index.ts";
import type { Answer } from "../port/index.ts";
import { classOf, gainText, isBetter, promising, type Way } from "./better-way.ts";
import { type Budget, searchLimits, spend } from "./budget.ts";
import { type Path, type Search, type Sight, withEndpoint } from "./path.ts";
import { isDue, isForgotten, mayBegin, searchTimings } from "./search-due.ts";
import { raceTimings } from "./timings.ts";

/** What comes next of a search: packets to be sent, an endpoint to be set, or nothing for so long. */
export interface SearchStep {
  readonly path: Path;
  /** Something new: `search` for a better way, or only to `measure` the one in use. */
  readonly begins?: "search" | "measure";
  readonly ask?: readonly Endpoint[];
  readonly move?: Endpoint;
  /** Milliseconds until there is something to do again, if no answer comes; absent when no search is on. */
  readonly forMs?: number;
}

/** Volleys of a stage, and answers after which the best of them counts: a busy processor makes a way look slow. */
const volleys = { measuring: 4, asking: 4 };
const samples = { measuring: 2, asking: 4 };
/** A way that takes packets in and lets none out would lose what the peer sends meanwhile: it is given up sooner. */
const unansweredVolleys = 2;

/** A look at a peer that is up and sound. */
export function stepSearch(path: Path, sight: Sight, now: number): SearchStep {
  return path.search ? goOn(path, counting(path.search, sight.answer), sight, now) : begin(path, sight, now);
}

/** Something else matters more: it ends where it stands. */
export const dropSearch = (path: Path, sight: Sight, now: number): Path =>
  path.search ? over(path, path.search, sight, now) : path;

/** What becomes of a path when it is known what was done. What is not granted has not happened. */
export function pathAfter(
  { path, step, sight }: { path: Path | undefined; step: SearchStep | undefined; sight: Sight },
  { isGranted, moved }: { isGranted: boolean; moved: Endpoint | undefined },
  now: number,
): Path | undefined {
  if (step) return isGranted || (!step.ask && step.move === undefined) ? step.path : path;
  return path && moved !== undefined
    ? withEndpoint(path, { ...sight, endpoint: moved }, "silent at the one before", now)
    : path;
}

function begin(path: Path, sight: Sight, now: number): SearchStep {
  const { choices } = sight;
  const { endpoint: from } = path;
  if (!mayBegin(path, sight, now)) return { path };
  const asked = promising(choices, from, path.roundTrips);
  if (!isDue(path, asked, choices, now)) return { path };
  const search: Search = {
    stage: "measuring",
    from,
    asked,
    stageAt: now,
    actedAt: now,
    acts: 1,
    samples: 0,
    countedAt: now - 1,
  };
  const searches = isForgotten(path, now) ? 1 : path.searches + Math.sign(asked.length);
  return {
    path: { ...path, searches, searchedAt: now, search },
    begins: asked.length > 0 ? "search" : "measure",
    ask: [from],
    forMs: searchTimings.answer,
  };
}

/** Which of the searches that want to begin may, and what is left then. What only measures has time, and waits for a full bucket. */
export function affordable<View extends { readonly step: SearchStep | undefined }>(
  views: readonly View[],
  budget: Budget,
): { readonly begun: ReadonlySet<View>; readonly left: Budget } {
  const begun = new Set<View>();
  let left = budget;
  for (const kind of ["search", "measure"] as const)
    for (const view of views) {
      const cost = kind === "search" ? 1 : searchLimits.most;
      if (view.step?.begins !== kind || left.left < cost) continue;
      begun.add(view);
      left = spend(left, cost);
    }
  return { begun, left };
}

/** An answer to this stage's question. */
function counting(search: Search, answer: Answer | undefined): Search {
  const { stage, from, asked, countedAt, stageAt } = search;
  if (!answer || answer.sentAt <= countedAt || answer.sentAt < stageAt) return search;
  const roundTrip = Math.max(0, answer.answeredAt - answer.sentAt);
  const { endpoint } = answer;
  const counted = { ...search, countedAt: answer.sentAt, samples: search.samples + 1 };
  if (stage === "measuring" && endpoint === from)
    return { ...counted, here: Math.min(search.here ?? roundTrip, roundTrip) };
  if (stage !== "asking" || !asked.includes(endpoint)) return search;
  const isBest = roundTrip < (search.there?.roundTrip ?? Number.POSITIVE_INFINITY);
  return { ...counted, ...(isBest && { there: { endpoint, roundTrip } }) };
}

function goOn(path: Path, search: Search, sight: Sight, now: number): SearchStep {
  const { stage } = search;
  if (stage === "settling" || stage === "returning") return settle(path, search, sight, now);
  const sinceVolley = now - search.actedAt;
  const gap = raceTimings.initiationGap - sinceVolley;
  if (gap > 0) return { path: { ...path, search }, forMs: gap };
  const better = stage === "asking" && betterOf(search, sight);
  if (better) return take(path, search, better, sight, now);
  const isAnswered = search.countedAt >= search.actedAt;
  if (!isAnswered && sinceVolley < answerTime(search))
    return { path: { ...path, search }, forMs: answerTime(search) - sinceVolley };
  const isInVain = stage === "asking" && search.samples === 0 && search.acts >= unansweredVolleys;
  const enough = stage === "measuring" && search.asked.length === 0 ? 1 : samples[stage];
  if (search.samples >= enough || search.acts >= volleys[stage] || isInVain)
    return next(path, search, sight, now);
  return again(path, search, now);
}

/** One more volley of the same stage. */
function again(path: Path, search: Search, now: number): SearchStep {
  const ask = search.stage === "measuring" ? [search.from] : search.asked;
  const asking = { ...search, actedAt: now, acts: search.acts + 1 };
  return { path: { ...path, search: asking }, ask, forMs: answerTime(asking) };
}

/** Milliseconds. As long as nothing is known it doubles: the slowest ways take more than a second. */
const answerTime = ({ here, acts }: Search): number =>
  here === undefined
    ? searchTimings.answer * 2 ** (acts - 1)
    : searchTimings.answer + searchTimings.answerRoundTrips * here;

/** After the last answer that was waited for. */
function next(path: Path, search: Search, sight: Sight, now: number): SearchStep {
  const { answer: forMs } = searchTimings;
  const fresh = { stageAt: now, actedAt: now, acts: 1, samples: 0, countedAt: now - 1 };
  if (search.stage === "asking")
    return {
      path: { ...path, search: { ...search, ...fresh, stage: "returning" } },
      ask: [search.from],
      forMs,
    };
  // What does not answer now is not to be judged; whether it still works is found out elsewhere.
  const asked = promising(sight.choices, search.from, path.roundTrips);
  if (search.here === undefined || asked.length === 0) return { path: over(path, search, sight, now) };
  if (search.samples < samples.measuring && search.acts < volleys.measuring)
    return again(path, { ...search, asked }, now);
  return { path: { ...path, search: { ...search, ...fresh, asked, stage: "asking" } }, ask: asked, forMs };
}

interface Better {
  readonly endpoint: Endpoint;
  readonly reason: string;
}

function betterOf({ from, here, there }: Search, { choices }: Sight): Better | undefined {
  if (!there || here === undefined) return undefined;
  const way: Way = { class: classOf(choices, there.endpoint), roundTrip: there.roundTrip };
  const current: Way = { class: classOf(choices, from), roundTrip: here };
  return isBetter(way, current) ? { endpoint: there.endpoint, reason: gainText(way, current) } : undefined;
}

function take(
  path: Path,
  search: Search,
  { endpoint, reason }: Better,
  sight: Sight,
  now: number,
): SearchStep {
  const settling: Search = { ...search, stage: "settling", stageAt: now, actedAt: now, acts: 1, reason };
  const noted = withEndpoint(path, { ...sight, endpoint }, reason, now);
  return {
    path: { ...noted, takenAt: now, search: settling },
    move: endpoint,
    forMs: searchTimings.shortestMove,
  };
}

/**
 * Until nothing is under way any more on the path that was left; so long the packets are held (holds.ts). Halfway the peer
 * is asked once more: by then the last of ours has arrived there, and nothing turns the peer back afterwards, even where
 * we have nothing to send.
 */
function settle(path: Path, search: Search, sight: Sight, now: number): SearchStep {
  const { from, asked, stage, stageAt, isReminded = false } = search;
  const target = stage === "returning" ? from : path.endpoint;
  const { endpoint = target } = sight;
  const isElsewhere = ![target, from, ...asked].includes(endpoint);
  const elapsed = now - stageAt;
  const time = settlingTime(search);
  const isThere = endpoint === target;
  if (isElsewhere || elapsed < 0 || elapsed >= (isThere ? time : 2 * time))
    return { path: over(path, search, sight, now) };
  const moveIn = isThere ? undefined : nextMoveAt(search) - now;
  const remindIn = isReminded ? undefined : answerTime(search) - elapsed;
  if (moveIn !== undefined && moveIn <= 0) return turn(path, search, target, now);
  if (remindIn !== undefined && remindIn <= 0)
    return {
      path: { ...path, search: { ...search, isReminded: true } },
      ask: [target],
      forMs: searchTimings.shortestMove,
    };
  const forMs = Math.min(moveIn ?? searchTimings.longestMove, remindIn ?? searchTimings.longestMove);
  return { path: { ...path, search }, forMs };
}

/** WireGuard was turned round. */
const turn = (path: Path, search: Search, target: Endpoint, now: number): SearchStep => ({
  path: { ...path, search: { ...search, actedAt: now, acts: search.acts + 1 } },
  move: target,
  forMs: searchTimings.shortestMove,
});

const nextMoveAt = ({ actedAt, acts }: Search): number =>
  actedAt + Math.min(searchTimings.shortestMove * 2 ** (acts - 1), searchTimings.longestMove);

/** Milliseconds. */
const settlingTime = ({ here = 0 }: Search): number =>
  Math.min(searchTimings.settling + searchTimings.settlingRoundTrips * here, searchTimings.longestSettling);

/** What was promising is no news any more. */
function over(path: Path, search: Search, sight: Sight, now: number): Path {
  const ended = withEndpoint({ ...path, search: undefined }, sight, "the peer sends from there", now);
  const promisingNow = promising(sight.choices, ended.endpoint, ended.roundTrips);
  return { ...ended, known: [...new Set([...search.asked, ...promisingNow])] };
}
