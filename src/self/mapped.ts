import type { Config } from "../config/index.ts";
import { type Address, type Endpoint, endpointAddress, type LeftOut, type Prefix } from "../net/index.ts";
import type { Mapping } from "../port/index.ts";
import { refusalIn } from "./reflected.ts";

/**
 * The endpoints reported by a STUN server that are announced. Like reflected addresses they must not lie inside the
 * mesh, and the node's own addresses are left out, as they are announced in any case.
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
