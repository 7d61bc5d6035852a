import type { Affiliate, KubespanAffiliate } from "../discovery/index.ts";
import { type Address, hostPrefix, type Prefix, prefixContains, subtract } from "../net/index.ts";

/**
 * What a member is taken at. What is sealed wins: Kubernetes may add addresses, networks and endpoints to it, since a
 * node that is announced there only in part must not be cut off, but it can neither replace the key nor take away what
 * the node itself claims. The networks that an unsealed affiliate excludes are taken from its own claims alone.
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

/** The same with what another affiliate of that node says beside it; of networks only if `withClaims`. */
export function withEndpointsOf(claim: Affiliate, other: Affiliate, withClaims: boolean): Affiliate {
  if (!claim.kubespan || !other.kubespan) return claim;
  const { addresses, networks } = withClaims ? withoutExcluded(other) : { addresses: [], networks: [] };
  return {
    ...claim,
    addresses: united(claim.addresses, addresses),
    kubespan: withAdded(claim.kubespan, other.kubespan, networks),
  };
}

/** More exclusions than any honest node has: working them out could take long, so nothing is added. */
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

/** All that a member asks for, its own addresses as host prefixes. */
export const networksClaimed = ({ addresses, kubespan }: Affiliate): readonly Prefix[] => [
  ...addresses.map(hostPrefix),
  ...(kubespan?.additionalAddresses ?? []),
];
