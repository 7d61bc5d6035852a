import { kubeApiServer } from "./binary.ts";

/**
 * Builds the API server where there is none yet: vitest runs this before the suites that need it, and `npm run
 * build:apiserver` before all suites. No test's limit holds here, as a busy machine may take half an hour.
 */
export default async function setUp(): Promise<void> {
  await kubeApiServer();
}

if (import.meta.main) await setUp();
