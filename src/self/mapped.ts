import type { Config } from "../config/index.ts";
import { type Address, type Endpoint, endpointAddress, type LeftOut, type Prefix } from "../net/index.ts";
import type { Mapping } from "../port/index.ts";
import { refusalIn } from "./reflected.ts";

/**
 * Which endpoints to believe that a STUN server sees us at: like reflected addresses (lesson 7), and none that is an
 * address of our own, which is announced anyway.
 */
export function believeMapped(
  config: Config,
  mapping: Mapping | undefined,
  routed: readonly Prefix[],
  own: readonly Address[],
): { mapped: readonly Endpoint[]; leftOut: LeftOut[] } {
  if (!config.stun) return { mapped: [], leftOut: [] };
  const { problem, endpoints = [] } = mapping ?? {
    problem: "STUN needs racing, which is off or does not work here",
  };
  const leftOut: LeftOut[] = problem === undefined ? [] : [{ value: "mapped endpoint", reason: problem }];
  const refusal = refusalIn(routed);
  const mapped = endpoints.filter((endpoint) => {
    const reason = refusal(endpointAddress(endpoint));
    if (reason !== undefined)
      leftOut.push({ value: endpoint, reason: `the STUN server sees us there: ${reason}` });
    return reason === undefined && !own.includes(endpointAddress(endpoint));
  });
  return { mapped, leftOut };
}
