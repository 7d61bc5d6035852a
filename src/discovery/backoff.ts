const firstDelayMs = 250;
const longestDelayMs = 30_000;
/** The time in milliseconds after which a session counts as good, so that the next failure is the first again. */
const settledMs = 10_000;
/**
 * The failures that are counted after a session that worked but did not last. The wait is then at most 1 s, so that a
 * restarted service is found again soon.
 */
const failuresAfterShortSession = 3;

/**
 * The number of failures in a row after a session ended. `workedForMs` counts from the moment at which the snapshot and
 * this node's own update had gone through; `undefined` if that never happened.
 */
export function failuresAfter(failures: number, workedForMs: number | undefined): number {
  if (workedForMs === undefined) return failures + 1;
  return workedForMs >= settledMs ? 0 : Math.min(failures + 1, failuresAfterShortSession);
}

/**
 * The milliseconds to wait after so many failures in a row. The wait doubles from 250 ms to 30 s, and a random part of
 * it, between the half and the whole, is taken, so that the nodes of a cluster do not come back in step. `random` is in
 * [0, 1).
 */
export function reconnectDelayMs(failures: number, random: number): number {
  const whole = Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(Math.max(failures - 1, 0), 16));
  return whole / 2 + (whole / 2) * random;
}

/**
 * The milliseconds to wait after so many failures in a row, of which the last one asked for `askedMs`. Those who were
 * asked at the same moment come back over a quarter of that time.
 */
export const retryDelayMs = (failures: number, askedMs: number, random: number): number =>
  Math.max(reconnectDelayMs(failures, random), askedMs * (1 + random / 4));
