import { classOf } from "./better-path.ts";
import { isStandIn } from "./candidates/index.ts";
import type { View } from "./proposal.ts";

/**
 * Whether it is of use to find out soon that the path in use is silent: it is direct, races can tell what is true, and there
 * is somewhere else to go.
 */
export function isWatched({ spec, observed, racing }: Pick<View, "spec" | "observed" | "racing">): boolean {
  const endpoint = observed?.endpoint;
  if (!racing || endpoint === undefined) return false;
  return spec.endpoints.some((each) => each !== endpoint) && !isStandIn(classOf(spec, endpoint));
}
