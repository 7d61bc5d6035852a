import { setTimeout as delay } from "node:timers/promises";

/** The factor on all deadlines, which slow machines set, above all emulated ones. */
const patience = Number(process.env["KUBESPAN_TEST_PATIENCE"] ?? 1);

export interface Waiting {
  /** The awaited event, for the error message. */
  readonly what: string;
  /** The normal deadline. It only ends tests that fail in any case. */
  readonly seconds?: number;
  /** Describes the state, for the error message, when the deadline has passed. */
  readonly describe?: () => Promise<string> | string;
  readonly pollMs?: number;
}

/** Polls until the answer is neither `undefined` nor `false`. An error counts as no answer. */
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
