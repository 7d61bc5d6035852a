import { KubespanError } from "../../src/base/error.ts";

/** What an action fails with; any other outcome than a `KubespanError` fails the test. */
export async function thrownBy(action: Promise<unknown>): Promise<KubespanError> {
  const outcome = await action.then(
    (value) => new Error(`expected a failure, got ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );
  if (outcome instanceof KubespanError) return outcome;
  throw outcome;
}
