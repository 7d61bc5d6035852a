import type { Endpoint } from "../../../net/index.ts";
import type { CandidateContext } from "../kind.ts";
import { insideMesh, insideTunnel, ownAddress, unreachable } from "./addresses.ts";
import { broadcast } from "./broadcast.ts";
import { filtered, forbidden, notPinned } from "./dial.ts";
import { tooManyPorts } from "./ports.ts";
import type { RefusalRule } from "./rule.ts";

/** The first that refuses an endpoint gives the reason. */
const rules: readonly RefusalRule[] = [
  unreachable,
  ownAddress,
  broadcast,
  insideTunnel,
  insideMesh,
  forbidden,
  filtered,
  tooManyPorts,
  notPinned,
];

/** Endpoints that are never dialled, and why. */
export function refusals(
  endpoints: readonly Endpoint[],
  context: CandidateContext,
): ReadonlyMap<Endpoint, string> {
  const refused = new Map<Endpoint, string>();
  let left = endpoints;
  for (const rule of rules) {
    const now = rule(left, context);
    if (now.size === 0) continue;
    for (const [endpoint, reason] of now) refused.set(endpoint, reason);
    left = left.filter((endpoint) => !now.has(endpoint));
  }
  return refused;
}
