import type { Config, EndpointFilter } from "../config/index.ts";
import type { Affiliate } from "../discovery/index.ts";
import {
  type Address,
  type Endpoint,
  endpointAddress,
  endpointOf,
  hostPrefix,
  type LeftOut,
  type Prefix,
  prefixContains,
  subtract,
} from "../net/index.ts";

/** What does not change while the daemon runs, apart from the configuration. */
export interface Self {
  readonly nodeId: string;
  readonly publicKey: string;
  /** The KubeSpan ULA. */
  readonly address: Address;
  readonly clusterPrefix: Prefix;
  readonly hostname: string;
  readonly operatingSystem: string;
}

export interface OwnAffiliate {
  readonly affiliate: Affiliate;
  /** Endpoints that were not announced, and why. */
  readonly leftOut: readonly LeftOut[];
}

/**
 * What this node says about itself (reference section 3): its addresses, and as endpoints those addresses and the
 * reflected ones, filtered, with the listen port, or with the port that a STUN server saw there; then the extra endpoints,
 * which no filter touches.
 */
export function ownAffiliate(
  self: Self,
  config: Config,
  addresses: readonly Address[],
  reflected: Iterable<Address>,
  mapped: readonly Endpoint[] = [],
): OwnAffiliate {
  const leftOut: LeftOut[] = [];
  const portIsKnown = new Set(mapped.map(endpointAddress));
  const own = [...addresses, ...[...reflected].filter((address) => !portIsKnown.has(address))];
  const candidates = [...own.flatMap((address) => endpointOf(address, config.listenPort) ?? []), ...mapped];
  const announced = [...new Set(candidates)].filter((endpoint) => {
    const reason = filtered(endpointAddress(endpoint), config.endpointFilters);
    if (reason !== undefined) leftOut.push({ value: `endpoint ${endpoint}`, reason });
    return reason === undefined;
  });
  const affiliate: Affiliate = {
    nodeId: self.nodeId,
    addresses,
    hostname: self.hostname,
    nodeName: config.node.name ?? self.hostname,
    machineType: config.node.machineType,
    operatingSystem: self.operatingSystem,
    ...(config.node.apiServerPort !== undefined && { apiServerPort: config.node.apiServerPort }),
    kubespan: {
      publicKey: self.publicKey,
      address: self.address,
      additionalAddresses: advertisedPrefixes(config, leftOut),
      excludedNetworks: config.excludeAdvertisedNetworks,
      endpoints: [...new Set([...announced, ...config.extraAnnouncedEndpoints])],
    },
  };
  return { affiliate, leftOut };
}

function advertisedPrefixes(config: Config, leftOut: LeftOut[]): Prefix[] {
  const advertised = subtract(config.advertisedPrefixes, config.excludeAdvertisedNetworks);
  for (const prefix of config.advertisedPrefixes)
    if (subtract([prefix], advertised).length > 0)
      leftOut.push({ value: `network ${prefix}`, reason: "wholly or in part in excludeAdvertisedNetworks" });
  return advertised;
}

/** The last rule that contains the address decides; with nothing but exclusions, what none contains is announced. */
function filtered(address: Address, filters: readonly EndpointFilter[]): string | undefined {
  const rule = filters.findLast(({ prefix }) => prefixContains(prefix, address));
  if (rule) return rule.exclude ? `excluded by filters.endpoints: !${rule.prefix}` : undefined;
  const onlyExclusions = filters.every(({ exclude }) => exclude);
  return onlyExclusions ? undefined : `no rule of filters.endpoints contains ${hostPrefix(address)}`;
}
