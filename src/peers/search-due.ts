import type { Endpoint } from "../net/index.ts";
import type { Choices } from "./better-way.ts";
import type { Path, Sight } from "./path.ts";

/** All in milliseconds. */
interface SearchTimings {
  /** From news of a better way, or from another endpoint, to the search. */
  readonly news: number;
  /** The same without news, and from one change that was made here to the next. Both double with every search. */
  readonly quiet: number;
  readonly longest: number;
  /** After so long without a search, all is as in the beginning. */
  readonly forgotten: number;
  readonly youngestSession: number;
  readonly oldestSession: number;
  /** For an answer, and as many of the round trips known. */
  readonly answer: number;
  readonly answerRoundTrips: number;
  /** So much, and as many round trips of the way that was in use. What is held is forgotten after 30 s (src/racing). */
  readonly settling: number;
  readonly settlingRoundTrips: number;
  readonly longestSettling: number;
  /** From one correction of WireGuard's endpoint to the next: at first, doubled each time, and at most. */
  readonly shortestMove: number;
  readonly longestMove: number;
}

export const searchTimings: SearchTimings = {
  news: 2_000,
  quiet: 60_000,
  longest: 3_600_000,
  forgotten: 10_800_000,
  youngestSession: 3_000,
  oldestSession: 85_000,
  answer: 250,
  answerRoundTrips: 2,
  settling: 2_000,
  settlingRoundTrips: 4,
  longestSettling: 12_000,
  shortestMove: 100,
  longestMove: 500,
};

/** Whether a search could begin now, if there was something new: asked first, as it costs least. */
export const mayBegin = (path: Path, { handshakeAt }: Sight, now: number): boolean =>
  now >= dueAt(path, searchTimings.news, now) && isCalm(handshakeAt, now);

/** Whether one begins: `asked` are the better ways that there may be. */
export function isDue(path: Path, asked: readonly Endpoint[], choices: Choices, now: number): boolean {
  if (asked.length === 0 && !isToBeMeasured(path, choices)) return false;
  const hasNews = asked.some((endpoint) => !path.known.includes(endpoint));
  return now >= dueAt(path, hasNews ? searchTimings.news : searchTimings.quiet, now);
}

/** Once at each endpoint: what a race found while many peers connected may be far too long, or there was none. */
const isToBeMeasured = ({ since, searchedAt = 0 }: Path, { candidates }: Choices): boolean =>
  searchedAt < since && candidates.length > 1;

/** So long ago that all is as in the beginning. */
export const isForgotten = ({ searchedAt }: Path, now: number): boolean =>
  searchedAt === undefined || now - searchedAt > searchTimings.forgotten;

/** When a search may begin that comes so long after what it waits for. */
function dueAt(path: Path, wait: number, now: number): number {
  const { quiet, longest } = searchTimings;
  const { since, searchedAt, takenAt } = path;
  const growth = isForgotten(path, now) ? 1 : 2 ** Math.max(0, path.searches - 1);
  return Math.max(
    since + wait,
    searchedAt === undefined ? 0 : searchedAt + Math.min(wait * growth, longest),
    takenAt === undefined ? 0 : takenAt + Math.min(quiet * growth, longest),
  );
}

/**
 * Whether the session is not new, nor renewed before the search is over, which WireGuard does after two minutes. For whom
 * it answers a race, it forgets the keys before the ones in use, and those that are agreed on but not used yet: what is
 * under way while keys change would be lost.
 */
const isCalm = (handshakeAt: number | undefined, now: number): boolean =>
  handshakeAt !== undefined &&
  now - handshakeAt >= searchTimings.youngestSession &&
  now - handshakeAt < searchTimings.oldestSession;
