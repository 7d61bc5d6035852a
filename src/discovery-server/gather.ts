const mostMs = 80;
const msPerWatcher = 0.08;

/**
 * The milliseconds for which changes of a cluster are gathered after its watchers were told. Telling a watcher costs some
 * ten microseconds, so this leaves the larger part of the processor's time to everything else, whatever the number of
 * watchers; and a change of a cluster of any size is told within a tenth of a second.
 */
export const gatherMs = (watchers: number): number => Math.min(mostMs, watchers * msPerWatcher);

const leastSharedMs = 8;

/** Whether a snapshot is kept for those who watch within so many milliseconds: only where that can be several. */
export const isShared = (forMs: number): boolean => forMs >= leastSharedMs;
