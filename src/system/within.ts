import { setTimeout as delay } from "node:timers/promises";

/** How the work ended is for whoever began it, and that the wait was cut short for nobody. */
const ignored = (): undefined => undefined;

/** Resolves when the work has ended, however that was, or after so many milliseconds. */
export async function within(work: Promise<unknown>, ms: number): Promise<void> {
  const enough = new AbortController();
  await Promise.race([work.then(ignored, ignored), delay(ms, undefined, enough).then(ignored, ignored)]);
  enough.abort();
}
