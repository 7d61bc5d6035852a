import type { Affiliate, KubespanAffiliate } from "../discovery/index.ts";
import { type Address, hostPrefix, type Prefix, prefixContains, subtract } from "../net/index.ts";

/**
 * The claim of a member, from what it sealed and from what Kubernetes says of it. The sealed affiliate wins. Kubernetes
 * may add addresses, networks and endpoints to it, since a node that is announced there only in part must not be cut
 * off. But Kubernetes can neither replace the key nor take away what the node itself claims. The networks that an
 * unsealed affiliate excludes are taken from that affiliate's claims alone.
 */
export function claimOf(
  sealed: Affiliate | undefined,
  unsealed: Affiliate | undefined,
): Affiliate | undefined {
  if (!sealed || !unsealed) return sealed ?? unsealed;
  const added = withoutExcluded(unsealed);
  const kubespan = sealed.kubespan && withAdded(sealed.kubespan, unsealed.kubespan, added.networks);
  const apiServerPort = sealed.apiServerPort ?? unsealed.apiServerPort;
  return {
    ...sealed,
    hostname: sealed.hostname || unsealed.hostname,
    nodeName: sealed.nodeName || unsealed.nodeName,
    machineType: sealed.machineType === "unknown" ? unsealed.machineType : sealed.machineType,
    operatingSystem: sealed.operatingSystem || unsealed.operatingSystem,
    ...(apiServerPort !== undefined && { apiServerPort }),
    addresses: united(sealed.addresses, added.addresses),
    ...(kubespan && { kubespan }),
  };
}

/**
 * Adds the endpoints that another affiliate of the same node names. Its addresses and networks are added only if
 * `withClaims`.
 */
export function withEndpointsOf(claim: Affiliate, other: Affiliate, withClaims: boolean): Affiliate {
  if (!claim.kubespan || !other.kubespan) return claim;
  const { addresses, networks } = withClaims ? withoutExcluded(other) : { addresses: [], networks: [] };
  return {
    ...claim,
    addresses: united(claim.addresses, addresses),
    kubespan: withAdded(claim.kubespan, other.kubespan, networks),
  };
}

/**
 * The number of exclusions above which nothing is added. No honest node has as many, and applying them could take long.
 */
const mostExclusions = 64;

function withoutExcluded({ addresses, kubespan }: Affiliate): {
  readonly addresses: readonly Address[];
  readonly networks: readonly Prefix[];
} {
  const excluded = kubespan?.excludedNetworks ?? [];
  if (excluded.length > mostExclusions) return { addresses: [], networks: [] };
  return {
    addresses: addresses.filter((address) => !excluded.some((prefix) => prefixContains(prefix, address))),
    networks: excluded.length === 0 ? networksOf(kubespan) : subtract(networksOf(kubespan), excluded),
  };
}

const networksOf = (kubespan: KubespanAffiliate | undefined): readonly Prefix[] =>
  kubespan?.additionalAddresses ?? [];

const withAdded = (
  kubespan: KubespanAffiliate,
  other: KubespanAffiliate | undefined,
  networks: readonly Prefix[],
): KubespanAffiliate => ({
  ...kubespan,
  additionalAddresses: united(kubespan.additionalAddresses, networks),
  endpoints: united(kubespan.endpoints, other?.endpoints ?? []),
});

const united = <Item>(first: readonly Item[], second: readonly Item[]): readonly Item[] =>
  second.length === 0 ? first : [...new Set([...first, ...second])];

/** All networks that a member asks for, with its own addresses as host prefixes, and its KubeSpan address as the last. */
export const networksClaimed = ({ addresses, kubespan }: Affiliate): readonly Prefix[] => [
  ...addresses.map(hostPrefix),
  ...(kubespan?.additionalAddresses ?? []),
  ...(kubespan ? [hostPrefix(kubespan.address)] : []),
];
