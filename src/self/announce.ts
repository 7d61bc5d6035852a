import { type Config, filterPlace, filterReason } from "../config/index.ts";
import { type Affiliate, limits } from "../discovery/index.ts";
import {
  type Address,
  type Endpoint,
  endpointAddress,
  endpointOf,
  fewLeftOut,
  hostPortText,
  type LeftOut,
  type Prefix,
  subtract,
} from "../net/index.ts";
import { announcedName } from "./names.ts";

/** The properties of this node that do not change while the daemon runs, apart from the configuration. */
export interface Self {
  readonly nodeId: string;
  readonly publicKey: string;
  /** The node's KubeSpan ULA. */
  readonly address: Address;
  /** The KubeSpan address of this node's own hardware address, if another node has that as well. */
  readonly givenUp?: Address;
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
 * The largest number of endpoints that a node announces. A service keeps those of before for half an hour, and has room
 * for 64 of a node: all of them may change at once.
 */
const mostEndpoints = limits.endpointsPerAffiliate / 2;

/** The endpoints about which something is known besides the addresses. */
interface OtherEndpoints {
  /** The addresses at which the node is not dialled, each with the reason. */
  readonly undialled?: readonly LeftOut[] | undefined;
  /** The extra endpoints to which host names lead. */
  readonly named?: readonly Endpoint[];
  /** The endpoints of which only members tell. */
  readonly told?: readonly Endpoint[];
}

/**
 * The affiliate that this node announces. Its endpoints are the extra ones, to which no filter applies, then those that
 * others see (with the port that a STUN server saw at that address, or the listen port), and then the node's own
 * addresses with the listen port, and then those of which only members tell. So the last ones are left out where there are too many, and a peer that tries one
 * after the other does not begin with addresses that mean nothing where it is. Filters order what they keep, as in Talos.
 */
export function ownAffiliate(
  self: Self,
  config: Config,
  addresses: readonly Address[],
  reflected: Iterable<Address>,
  mapped: readonly Endpoint[] = [],
  { undialled = [], named = [], told = [] }: OtherEndpoints = {},
): OwnAffiliate {
  const leftOut: LeftOut[] = [];
  if (self.givenUp !== undefined)
    leftOut.push({
      value: self.givenUp,
      reason:
        "another node has the same hardware address and was there before: a KubeSpan address made from the node id is used",
    });
  const portIsKnown = new Set(mapped.map(endpointAddress));
  const unfit = new Map(undialled.map(({ value, reason }) => [value, reason]));
  const atListenPort = (address: Address): Endpoint[] => {
    const endpoint = endpointOf(address, config.listenPort);
    return endpoint === undefined ? [] : [endpoint];
  };
  const candidates = [
    ...mapped,
    ...[...reflected].filter((address) => !portIsKnown.has(address)).flatMap(atListenPort),
    ...addresses.flatMap((address) => {
      const reason = unfit.get(address);
      if (reason !== undefined) leftOut.push({ value: `endpoint ${atListenPort(address).join()}`, reason });
      return reason === undefined ? atListenPort(address) : [];
    }),
    ...told,
  ];
  const filters = config.endpointFilters;
  const kept = [...new Set(candidates)].filter((endpoint) => {
    const reason = filterReason(endpointAddress(endpoint), filters, "filters.endpoints");
    if (reason !== undefined) leftOut.push({ value: `endpoint ${endpoint}`, reason });
    return reason === undefined;
  });
  const placeOf = (endpoint: Endpoint): number => filterPlace(endpointAddress(endpoint), filters);
  const announced = kept.toSorted((left, right) => placeOf(left) - placeOf(right));
  const all = [...new Set([...config.extraAnnouncedEndpoints, ...named, ...announced])];
  for (const endpoint of all.slice(mostEndpoints))
    leftOut.push({
      value: `endpoint ${endpoint}`,
      reason: `a node announces ${mostEndpoints} endpoints at most`,
    });
  const hostname = announcedName("host name", self.hostname, leftOut);
  const affiliate: Affiliate = {
    nodeId: self.nodeId,
    addresses: [...addresses, self.address], // as Talos lists them; the first ones are the node's main addresses
    hostname,
    nodeName: config.node.name ?? hostname,
    machineType: config.node.machineType,
    operatingSystem: announcedName("operating system", self.operatingSystem, leftOut),
    ...(config.node.apiServerPort !== undefined && { apiServerPort: config.node.apiServerPort }),
    ...(config.discovery?.announce && {
      discoveryService: `https://${hostPortText(config.discovery.announce)}/`,
    }),
    kubespan: {
      publicKey: self.publicKey,
      address: self.address,
      additionalAddresses: advertisedPrefixes(config, leftOut),
      excludedNetworks: config.excludeAdvertisedNetworks,
      endpoints: all.slice(0, mostEndpoints),
    },
  };
  return { affiliate, leftOut: fewLeftOut(leftOut) };
}

function advertisedPrefixes(config: Config, leftOut: LeftOut[]): Prefix[] {
  const advertised = subtract(config.advertisedPrefixes, config.excludeAdvertisedNetworks);
  for (const prefix of config.advertisedPrefixes)
    if (subtract([prefix], advertised).length > 0)
      leftOut.push({ value: `network ${prefix}`, reason: "wholly or in part in excludeAdvertisedNetworks" });
  return advertised;
}
