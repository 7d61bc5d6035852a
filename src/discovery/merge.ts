import type { Affiliate, KubespanAffiliate } from "./affiliate.ts";

/**
 * Merges the affiliates of several registries into one list, with one affiliate for each node, in the order of first
 * appearance. Lists are united in order and without duplicates. Of the other fields the later source wins, unless its
 * field is empty: Talos merges in the same way.
 */
export function mergeAffiliates(sources: readonly (readonly Affiliate[])[]): Affiliate[] {
  const byNode = new Map<string, Affiliate>();
  for (const affiliate of sources.flat()) {
    const known = byNode.get(affiliate.nodeId);
    byNode.set(affiliate.nodeId, known ? merged(known, affiliate) : affiliate);
  }
  return [...byNode.values()];
}

function merged(earlier: Affiliate, later: Affiliate): Affiliate {
  const apiServerPort = later.apiServerPort ?? earlier.apiServerPort;
  const discoveryService = later.discoveryService ?? earlier.discoveryService;
  const kubespan =
    earlier.kubespan && later.kubespan
      ? mergedKubespan(earlier.kubespan, later.kubespan)
      : (later.kubespan ?? earlier.kubespan);
  return {
    nodeId: later.nodeId,
    addresses: united(earlier.addresses, later.addresses),
    hostname: later.hostname || earlier.hostname,
    nodeName: later.nodeName || earlier.nodeName,
    machineType: later.machineType === "unknown" ? earlier.machineType : later.machineType,
    operatingSystem: later.operatingSystem || earlier.operatingSystem,
    ...(apiServerPort !== undefined && { apiServerPort }),
    ...(discoveryService !== undefined && { discoveryService }),
    ...(kubespan && { kubespan }),
    ...((later.membership ?? earlier.membership) && { membership: later.membership ?? earlier.membership }),
  };
}

/** Merges two descriptions. Key and address are never empty, so both come from the same source. */
const mergedKubespan = (earlier: KubespanAffiliate, later: KubespanAffiliate): KubespanAffiliate => ({
  publicKey: later.publicKey,
  address: later.address,
  additionalAddresses: united(earlier.additionalAddresses, later.additionalAddresses),
  excludedNetworks: united(earlier.excludedNetworks, later.excludedNetworks),
  endpoints: united(earlier.endpoints, later.endpoints),
});

const united = <Item>(first: readonly Item[], second: readonly Item[]): Item[] => [
  ...new Set([...first, ...second]),
];
