import { onceFor } from "../base/index.ts";
import type { Endpoint } from "../net/index.ts";
import { newsLimits } from "./timings.ts";

/** What was known of a peer's endpoints, and when the last of what was new then was acted on. In milliseconds. */
export interface Informed {
  readonly known: readonly Endpoint[];
  readonly newsAt?: readonly number[];
}

/** The endpoints of a list as a set. The list is asked at each poll for as long as it is what is known. */
export const knownSet = onceFor((known: readonly Endpoint[]): ReadonlySet<Endpoint> => new Set(known));

/** The first of the candidates that was not known yet. */
export function newsAmong({ known }: Informed, candidates: readonly Endpoint[]): Endpoint | undefined {
  if (candidates === known) return undefined;
  const set = knownSet(known);
  return candidates.find((candidate) => !set.has(candidate));
}

const recent = ({ newsAt = [] }: Informed, now: number): readonly number[] =>
  newsAt.filter((at) => at <= now && now - at < newsLimits.withinMs);

/** The milliseconds until there are news to act on; `undefined` without any. */
export function newsInMs(
  informed: Informed,
  candidates: readonly Endpoint[],
  now: number,
): number | undefined {
  if (newsAmong(informed, candidates) === undefined) return undefined;
  const times = recent(informed, now);
  const [oldest = now] = times;
  return times.length < newsLimits.most ? 0 : oldest + newsLimits.withinMs - now;
}

/** What is known once these news were acted on. */
export const withNews = (informed: Informed, candidates: readonly Endpoint[], now: number): Informed => ({
  known: candidates,
  newsAt: [...recent(informed, now), now],
});
