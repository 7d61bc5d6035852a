/**
 * Runs activities beside each other until the first of them fails, which ends the others too. Throws that failure once
 * all have ended. Ends only by throwing, also when it is aborted.
 */
export async function untilOneFails(
  signal: AbortSignal,
  begin: (inside: AbortSignal) => readonly Promise<never>[],
): Promise<never> {
  const over = new AbortController();
  const activities = begin(AbortSignal.any([signal, over.signal]));
  try {
    return await Promise.race(activities);
  } finally {
    over.abort();
    await Promise.allSettled(activities);
  }
}
