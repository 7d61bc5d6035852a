import { type Endpoint, endpointAddress } from "../net/index.ts";

/** Of one address, for one peer: a router that maps anew knows a few ports of a node, a flood of made-up ones many. */
export const mostPorts = 4;
const firstPorts = 2;

/**
 * Of each address those ports that are tried, in the order in which they were announced: the one where the peer was last connected, the first two, which are the
 * peer's own, and then the last ones, at which others have seen it most recently. Neither can push out the other.
 */
export function withFewPorts(endpoints: readonly Endpoint[], lastWorking?: Endpoint): readonly Endpoint[] {
  const kept = new Set<Endpoint>();
  for (const [address, ports] of Map.groupBy(new Set(endpoints), endpointAddress)) {
    const before = lastWorking !== undefined && endpointAddress(lastWorking) === address ? [lastWorking] : [];
    const order = new Set([...before, ...ports.slice(0, firstPorts), ...ports.toReversed()]);
    for (const endpoint of [...order].slice(0, mostPorts)) kept.add(endpoint);
  }
  return kept.size === endpoints.length ? endpoints : endpoints.filter((endpoint) => kept.has(endpoint));
}
