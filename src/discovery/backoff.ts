const firstDelayMs = 250;
const longestDelayMs = 30_000;
/** A session that lasted this long was a good one: the next failure is a new story. */
const settledMs = 10_000;
/** After a session that worked but did not last: at most 2 s, so that a restarted service is found again soon. */
const failuresAfterShortSession = 3;

/**
 * How many failures in a row there are after a session ended. `workedForMs` counts from the moment when the snapshot
 * and our own update had gone through; `undefined` if that never happened.
 */
export function failuresAfter(failures: number, workedForMs: number | undefined): number {
  if (workedForMs === undefined) return failures + 1;
  return workedForMs >= settledMs ? 0 : Math.min(failures + 1, failuresAfterShortSession);
}

/**
 * How long to wait before trying again after that many failures in a row, in ms: doubles from 250 ms to 30 s, and of that a random half to whole, so
 * that the nodes of a cluster do not come back in step. `random` is in [0, 1).
 */
export function reconnectDelayMs(failures: number, random: number): number {
  const whole = Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(Math.max(failures - 1, 0), 16));
  return whole / 2 + (whole / 2) * random;
}
