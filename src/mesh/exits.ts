import type { Config } from "../config/index.ts";
import type { RegistryServer } from "../discovery/index.ts";
import {
  type Address,
  compareAddresses,
  hostPortText,
  hostPrefix,
  intersect,
  isLoopback,
  type LeftOut,
  type Prefix,
  parseAddress,
  prefixContains,
} from "../net/index.ts";
import type { Exit, Exits, Served } from "../nftables/index.ts";

/** The largest number of addresses of one name to which connections may leave outside the mesh. */
const mostAddresses = 16;
/** The largest number of exits. Packets of TCP that are steered are compared with each of them that is a target. */
const mostExits = 64;
/** The time in milliseconds for which an address counts as a name's after it was last told, as some answers have only a part. */
const keptMs = 10 * 60_000;

/** The addresses of a name, with the times at which they were last told, those that are known for longest first. */
export type Told = ReadonlyMap<Address, number>;

/**
 * Adds an answer to what was told before. Whoever answers for the name may tell anything, so there is a bound. New
 * addresses only take free places: a name of many servers, which tells some of them each time, changes nothing then.
 */
export function addressesAfter(before: Told, answer: readonly Address[], now: number): Told {
  const kept = [...before].flatMap(([address, at]) => {
    const toldAt = answer.includes(address) ? now : at;
    return now - toldAt < keptMs ? [[address, toldAt] as const] : [];
  });
  const added = answer.filter((address) => !before.has(address)).toSorted(compareAddresses);
  return new Map([...kept, ...added.map((address) => [address, now] as const)].slice(0, mostAddresses));
}

/** Finds the addresses of a server, which has one or a name. */
export const addressesOf = (
  { host }: Pick<RegistryServer, "host">,
  names: ReadonlyMap<string, Told>,
): readonly Address[] => {
  const address = parseAddress(host);
  return address === undefined ? [...(names.get(host)?.keys() ?? [])] : [address];
};

/** The registries' servers as they are known at the moment. */
export interface WaysToRegistries {
  readonly servers: readonly RegistryServer[];
  readonly names: ReadonlyMap<string, Told>;
  readonly exits: readonly Exit[];
  /** The group of this daemon's processes, which no other process has; `undefined` if it has no group of its own. */
  readonly group: number | undefined;
}

export const noWays: WaysToRegistries = { servers: [], names: new Map(), exits: [], group: undefined };

type Setting = Config["registriesOutside"];

const isMetOutside = ({ tls }: RegistryServer, setting: Setting): boolean =>
  setting === "all" || (setting === "tls" && tls);

/** The addresses and ports of these servers, as far as the operator lets connections to them leave outside the mesh. */
export function exitsTo(
  servers: readonly RegistryServer[],
  names: ReadonlyMap<string, Told>,
  setting: Setting,
): Exit[] {
  const exits = new Map<string, Exit>();
  for (const server of servers.filter((each) => isMetOutside(each, setting)))
    for (const address of addressesOf(server, names)) {
      const { port, clients } = server;
      const key = hostPortText({ host: address, port });
      if (exits.get(key)?.clients !== "node") exits.set(key, { address, port, clients });
    }
  const sorted = [...exits].toSorted(([left], [right]) => (left < right ? -1 : 1));
  return sorted.map(([, exit]) => exit).slice(0, mostExits);
}

/** The ports at which this node serves a registry: those of exits with an address of its own, and that of its API server. */
export function servedHere(
  { registriesOutside, kubernetes, node }: Pick<Config, "registriesOutside" | "kubernetes" | "node">,
  exits: readonly Exit[],
  addresses: readonly Address[],
): Served[] {
  if (registriesOutside === "off") return [];
  const ports = new Map<number, Served>();
  const own = exits.filter(({ address }) => addresses.includes(address) || isLoopback(address));
  for (const { port, clients } of own)
    if (ports.get(port)?.clients !== "node") ports.set(port, { port, clients });
  const { apiServerPort: port } = node;
  if (kubernetes && port !== undefined) ports.set(port, { port, clients: "node" });
  return [...ports.values()].toSorted((left, right) => left.port - right.port);
}

/** The exits of this node, from what is known of the registries. */
export const exitsOf = (
  config: Config,
  { exits, group }: Pick<WaysToRegistries, "exits" | "group">,
  addresses: readonly Address[],
): Exits => ({
  registries: exits.filter(({ address }) => !addresses.includes(address) && !isLoopback(address)),
  served: servedHere(config, exits, addresses),
  group,
});

/**
 * The exits that packets for these targets can be for: a discovery service elsewhere costs no steered packet a
 * comparison. That of an API server may be the address of a Service, which is translated to a target.
 */
export function exitsAmong(exits: Exits, targets: readonly Prefix[]): Exits {
  const addresses = exits.registries.map(({ address }) => hostPrefix(address));
  const steered = addresses.length === 0 ? [] : intersect(addresses, targets);
  const registries = exits.registries.filter(
    ({ address, clients }) => clients === "node" || steered.some((prefix) => prefixContains(prefix, address)),
  );
  return { ...exits, registries };
}

/** The servers on members to which no connection may leave outside the mesh, with the reason. */
export function exitsLeftOut(
  { servers, names }: Pick<WaysToRegistries, "servers" | "names">,
  setting: Setting,
  isMember: (address: Address) => boolean,
): LeftOut[] {
  if (setting === "off") return [];
  return servers.flatMap((server): LeftOut[] => {
    const isOnMember = addressesOf(server, names).some((address) => isMember(address));
    if (!isOnMember || isMetOutside(server, setting)) return [];
    return [
      {
        value: `registry ${hostPortText(server)}`,
        reason:
          "it is on a member, and not asked over TLS with a certificate that is checked: it is reached only while that " +
          "member is connected (registriesOutside)",
      },
    ];
  });
}
