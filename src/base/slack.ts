/** The longest delay, as a part of the waiting time and in milliseconds. */
const [part, mostMs] = [1 / 8, 8_000];
/** The waiting time in milliseconds below which there is no delay. */
const shortestMs = 4_000;

/**
 * The time at which a wait of `waitMs` from `since` on ends. Long waits end a little late, on ticks that they all
 * share, so that one look at a thousand peers serves all that are due.
 */
export function dueAt(since: number, waitMs: number): number {
  const due = since + waitMs;
  if (waitMs < shortestMs) return due;
  const tickMs = 2 ** Math.floor(Math.log2(Math.min(waitMs * part, mostMs)));
  return Math.ceil(due / tickMs) * tickMs;
}
