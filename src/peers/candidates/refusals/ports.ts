import { type Endpoint, endpointAddress } from "../../../net/index.ts";
import type { RefusalRule } from "./rule.ts";

/** Of one address, for one peer: a router that maps anew knows a few ports of a node, a flood of made-up ones many. */
const mostPorts = 4;
const firstPorts = 2;

/**
 * Of each address only some ports are tried: the one where the peer was last connected, the first two, which are the
 * peer's own, and then the last ones, at which others have seen it most recently. Neither can push out the other.
 */
export const tooManyPorts: RefusalRule = (endpoints, { lastWorking }) => {
  const refused = new Map<Endpoint, string>();
  for (const [address, ports] of Map.groupBy(endpoints, endpointAddress)) {
    if (ports.length <= mostPorts) continue;
    const before = lastWorking !== undefined && endpointAddress(lastWorking) === address ? [lastWorking] : [];
    const order = new Set([...before, ...ports.slice(0, firstPorts), ...ports.toReversed()]);
    for (const endpoint of [...order].slice(mostPorts))
      refused.set(endpoint, `one of more than ${mostPorts} ports of its address`);
  }
  return refused;
};
