import type { Endpoint } from "../net/index.ts";
import { type Choices, classOf } from "./better-path.ts";
import { isStandIn } from "./candidates/index.ts";
import type { Path } from "./path.ts";
import { probeTimings } from "./timings.ts";

/** Whether a probe could begin now, if there was something new: considered first, as it costs least. */
export const mayBegin = (
  path: Path,
  choices: Choices,
  handshakeAt: number | undefined,
  now: number,
): boolean => now >= dueAt(path, choices, probeTimings.newsMs, now) && isCalm(handshakeAt, now);

/** Whether one begins: `better` are the better paths that there may be. */
export function isDue(path: Path, better: readonly Endpoint[], choices: Choices, now: number): boolean {
  if (better.length === 0 && !isToBeMeasured(path, choices)) return false;
  const hasNews = better.some((endpoint) => !path.known.includes(endpoint));
  return now >= dueAt(path, choices, hasNews ? probeTimings.newsMs : quietMsOf(path, choices), now);
}

/** Once at each endpoint: what a race found while many peers connected may be far too long, or there was none. */
const isToBeMeasured = ({ since, probedAt = 0 }: Path, { candidates }: Choices): boolean =>
  probedAt < since && candidates.length > 1;

/** So long ago that all is as in the beginning. */
export const isForgotten = ({ probedAt }: Path, now: number): boolean =>
  probedAt === undefined || now - probedAt > probeTimings.forgottenMs;

const standsIn = ({ endpoint }: Path, choices: Choices): boolean => isStandIn(classOf(choices, endpoint));

const quietMsOf = (path: Path, choices: Choices): number =>
  standsIn(path, choices) ? probeTimings.quietStandInMs : probeTimings.quietMs;

/** The time at which a probe may begin that comes so long after what it waits for. */
function dueAt(path: Path, choices: Choices, waitMs: number, now: number): number {
  const quietMs = quietMsOf(path, choices);
  const longestMs = standsIn(path, choices) ? probeTimings.longestStandInMs : probeTimings.longestMs;
  const { since, probedAt, movedAt } = path;
  const growth = isForgotten(path, now) ? 1 : 2 ** Math.max(0, path.probes - 1);
  return Math.max(
    since + waitMs,
    probedAt === undefined ? 0 : probedAt + Math.min(waitMs * growth, longestMs),
    movedAt === undefined ? 0 : movedAt + Math.min(quietMs * growth, longestMs),
  );
}

/**
 * Whether the session is not new, nor renewed before the probe is over, which WireGuard does after two minutes. For whom
 * it answers a race, it forgets the keys before the ones in use, and those that are agreed on but not used yet: what is
 * under way while keys change would be lost.
 */
const isCalm = (handshakeAt: number | undefined, now: number): boolean =>
  handshakeAt !== undefined &&
  now - handshakeAt >= probeTimings.youngestSessionMs &&
  now - handshakeAt < probeTimings.oldestSessionMs;
