import { kubeApiServer } from "./binary.ts";

/**
 * Builds Kubernetes where it is not there yet: vitest runs this before the suites that need it, and `npm run
 * build:programs` before all suites. No test's limit holds here, as a busy machine may take half an hour.
 */
export default async function setUp(): Promise<void> {
  await kubeApiServer();
}
