import { setTimeout as delay } from "node:timers/promises";

/** Slow machines (emulated ones above all) set this to be waited for longer. */
const patience = Number(process.env["KUBESPAN_TEST_PATIENCE"] ?? 1);

export interface Waiting {
  /** What is waited for, for the error message. */
  readonly what: string;
  /** Ordinary limit; it only ends tests that fail anyway. */
  readonly seconds?: number;
  /** What the state is when time is up. */
  readonly describe?: () => Promise<string> | string;
  readonly pollMs?: number;
}

/** Asks until there is an answer other than `undefined` and `false`. An error while asking counts as no answer. */
export async function waitFor<Value>(
  ask: () => Promise<Value | undefined | false> | Value | undefined | false,
  { what, seconds = 120, describe, pollMs = 100 }: Waiting,
): Promise<Value> {
  const end = performance.now() + seconds * 1000 * patience;
  let last = "";
  while (performance.now() < end) {
    try {
      const value = await ask();
      if (value !== undefined && value !== false) return value;
      last = "";
    } catch (error) {
      last = `; last error: ${error instanceof Error ? error.message : String(error)}`;
    }
    await delay(pollMs);
  }
  const state = describe ? `\n${await describe()}` : "";
  throw new Error(`gave up waiting for ${what}${last}${state}`);
}
