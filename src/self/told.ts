import { type Address, type Endpoint, endpointAddress, familyOf, type LeftOut } from "../net/index.ts";
import type { Observation } from "../port/index.ts";

/** The most endpoints that are announced only because members see this node there. */
const mostTold = 4;

/** The parties whose word counts more than that of members, since the configuration names them. */
interface Trusted {
  /** The statements of STUN servers. */
  readonly servers: readonly Observation[];
  /** The servers that do not answer now. */
  readonly silent: ReadonlySet<string>;
  /** The addresses at which registries see this node. */
  readonly reflected: readonly Address[];
}

/**
 * The statements of members that count. Members may be made up, so where a server answers they count only for addresses
 * at which a server or a registry sees this node: they can then be mistaken about a port, and name nobody else's address.
 */
export function countedStatements(
  members: readonly Observation[],
  trusted: Trusted,
): { readonly counted: readonly Observation[]; readonly leftOut: readonly LeftOut[] } {
  const answering = trusted.servers.filter(({ observer }) => !trusted.silent.has(observer));
  const families = new Set(answering.map(({ endpoint }) => familyOf(endpointAddress(endpoint))));
  const known = knownAddresses(trusted);
  const isCounted = ({ endpoint }: Observation): boolean => {
    const address = endpointAddress(endpoint);
    return known.has(address) || !families.has(familyOf(address));
  };
  return {
    counted: members.filter(isCounted),
    leftOut: members
      .filter((each) => !isCounted(each))
      .map(({ endpoint }) => ({
        value: `endpoint ${endpoint}`,
        reason: "only members see this node at that address, and a server that answers does not",
      })),
  };
}

/**
 * The endpoints that members add: what no server has contradicted or confirmed since, at addresses that are known first.
 * Otherwise who spoke first comes first, so that members that are made up later push nobody out.
 */
export function toldEndpoints(
  counted: readonly Observation[],
  trusted: Trusted,
): { readonly told: readonly Endpoint[]; readonly leftOut: readonly LeftOut[] } {
  const known = knownAddresses(trusted);
  const heardAt = new Map<Address, number>();
  for (const { endpoint, at } of trusted.servers) {
    const address = endpointAddress(endpoint);
    heardAt.set(address, Math.max(at, heardAt.get(address) ?? 0));
  }
  const fresh = counted.filter(
    ({ endpoint, since }) => since > (heardAt.get(endpointAddress(endpoint)) ?? -1),
  );
  const isKnown = ({ endpoint }: Observation): boolean => known.has(endpointAddress(endpoint));
  const ranked = [...fresh.filter(isKnown), ...fresh.filter((each) => !isKnown(each))];
  const all = [...new Set(ranked.map(({ endpoint }) => endpoint))];
  const reason = `a node announces ${mostTold} endpoints at most of which only members tell`;
  return {
    told: all.slice(0, mostTold),
    leftOut: all.slice(mostTold).map((endpoint) => ({ value: `endpoint ${endpoint}`, reason })),
  };
}

const knownAddresses = ({ servers, reflected }: Trusted): ReadonlySet<Address> =>
  new Set([...reflected, ...servers.map(({ endpoint }) => endpointAddress(endpoint))]);
