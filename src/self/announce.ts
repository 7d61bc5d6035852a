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
import { announcedName } from "./names.ts";

/** The properties of this node that do not change while the daemon runs, apart from the configuration. */
export interface Self {
  readonly nodeId: string;
  readonly publicKey: string;
  /** The node's KubeSpan ULA. */
  readonly address: Address;
  readonly clusterPrefix: Prefix;
  readonly hostname: string;
  readonly operatingSystem: string;
}

export interface OwnAffiliate {
  readonly affiliate: Affiliate;
  /** The endpoints that are not announced, each with the reason. */
  readonly leftOut: readonly LeftOut[];
}

/**
 * The affiliate that this node announces. Its endpoints are the node's own and its reflected addresses, filtered, with
 * the listen port, or with the port that a STUN server saw at that address. The extra endpoints follow, to which no
 * filter applies, and those to which host names lead (`named`).
 */
export function ownAffiliate(
  self: Self,
  config: Config,
  addresses: readonly Address[],
  reflected: Iterable<Address>,
  mapped: readonly Endpoint[] = [],
  named: readonly Endpoint[] = [],
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
  const hostname = announcedName("host name", self.hostname, leftOut);
  const affiliate: Affiliate = {
    nodeId: self.nodeId,
    addresses,
    hostname,
    nodeName: config.node.name ?? hostname,
    machineType: config.node.machineType,
    operatingSystem: announcedName("operating system", self.operatingSystem, leftOut),
    ...(config.node.apiServerPort !== undefined && { apiServerPort: config.node.apiServerPort }),
    kubespan: {
      publicKey: self.publicKey,
      address: self.address,
      additionalAddresses: advertisedPrefixes(config, leftOut),
      excludedNetworks: config.excludeAdvertisedNetworks,
      endpoints: [...new Set([...announced, ...config.extraAnnouncedEndpoints, ...named])],
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

/**
 * The reason why the filters exclude an address; `undefined` if they do not. The last filter that contains the address
 * decides. If all filters are exclusions, an address that none contains is announced.
 */
function filtered(address: Address, filters: readonly EndpointFilter[]): string | undefined {
  const rule = filters.findLast(({ prefix }) => prefixContains(prefix, address));
  if (rule) return rule.exclude ? `excluded by filters.endpoints: !${rule.prefix}` : undefined;
  const onlyExclusions = filters.every(({ exclude }) => exclude);
  return onlyExclusions ? undefined : `no rule of filters.endpoints contains ${hostPrefix(address)}`;
}
