/**
 * Runs activities beside each other until the first of them fails, which ends the others too. Gives what that one threw,
 * once all have ended. Only ever ends by throwing, an abort included.
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
