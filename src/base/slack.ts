/** How late something may be, as a part of the time that it waits; and at most, in milliseconds. */
const [part, most] = [1 / 8, 8_000];
/** What waits less is done on time, in milliseconds. */
const shortest = 4_000;

/**
 * When something is done that was to wait from `since` on for `wait`; all in milliseconds. Long waits end a little late,
 * on ticks that all of them share, so that one look at a thousand peers serves all that are due.
 */
export function dueAt(since: number, wait: number): number {
  const due = since + wait;
  if (wait < shortest) return due;
  const tick = 2 ** Math.floor(Math.log2(Math.min(wait * part, most)));
  return Math.ceil(due / tick) * tick;
}
