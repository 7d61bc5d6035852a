/** How late something may be, as a part of the time that it waits; and at most. */
const [part, mostMs] = [1 / 8, 8_000];
/** What waits less is done on time. */
const shortestMs = 4_000;

/**
 * When something is done that was to wait from `since` on for `waitMs`. Long waits end a little late, on ticks that all of
 * them share, so that one look at a thousand peers serves all that are due.
 */
export function dueAt(since: number, waitMs: number): number {
  const due = since + waitMs;
  if (waitMs < shortestMs) return due;
  const tickMs = 2 ** Math.floor(Math.log2(Math.min(waitMs * part, mostMs)));
  return Math.ceil(due / tickMs) * tickMs;
}
