import { setTimeout as delay } from "node:timers/promises";

/** Ignores the end of the work, which is for its caller, and that of the wait, which is for nobody. */
const ignored = (): undefined => undefined;

/** Resolves when the work has ended, in success or failure, or after so many milliseconds. */
export async function within(work: Promise<unknown>, ms: number): Promise<void> {
  const enough = new AbortController();
  await Promise.race([work.then(ignored, ignored), delay(ms, undefined, enough).then(ignored, ignored)]);
  enough.abort();
}
