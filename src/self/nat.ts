import { type Address, type Endpoint, endpointAddress, type Family, familyOf } from "../net/index.ts";
import type { Observation } from "../port/index.ts";

/** What is known of the NAT before this node in one family. */
export type NatKind =
  /** Others see the node at an address of its own. */
  | "none"
  /** Several observers see one port, so others can be told of it. */
  | "port-keeping"
  /** Observers see another port each, so what one sees is of use to nobody else. */
  | "symmetric"
  /** There is a NAT, and only one observer, or none of the same time. */
  | "unknown";

/** The kinds by family. A family in which nobody sees this node is missing. */
export type Nat = { readonly [Name in "ipv4" | "ipv6"]?: NatKind };

/** The observers that are asked together answer within this time in milliseconds, and are compared with each other. */
const togetherMs = 8_000;

const names = { 4: "ipv4", 6: "ipv6" } as const;

/**
 * The kinds of NAT that the observations show. Only what was observed at the same time is compared, since a mapping that
 * changed shows two ports, too. What they do not show stays as it was.
 */
export const natOf = (observations: readonly Observation[], own: readonly Address[], before: Nat): Nat =>
  Object.fromEntries(
    [...Map.groupBy(observations, familyIn)].map(([family, all]) => {
      const name = names[family];
      return [name, kindOf(all, own, before[name])];
    }),
  );

const familyIn = ({ endpoint }: Observation): Family => familyOf(endpointAddress(endpoint));

function kindOf(all: readonly Observation[], own: readonly Address[], before: NatKind = "unknown"): NatKind {
  const outside = all.filter(({ endpoint }) => !own.includes(endpointAddress(endpoint)));
  if (outside.length === 0) return "none";
  const servers = new Set(all.flatMap(({ by, observer }) => (by === "server" ? observer : [])));
  const pairs = outside.flatMap((one, index) =>
    outside.slice(index + 1).flatMap((other): Pair[] => (isComparable(one, other) ? [[one, other]] : [])),
  );
  const different = pairs.filter(([one, other]) => one.endpoint !== other.endpoint);
  if (servers.size > 0 ? different.some(isOfServers) : isContradicted(different)) return "symmetric";
  const same = pairs.filter(([one, other]) => one.endpoint === other.endpoint);
  if (same.some((pair) => servers.size === 0 || pair.some(isServer))) return "port-keeping";
  // A single server cannot have found two ports: members said so before it was heard.
  const isOutdated = before === "none" || (before === "symmetric" && servers.size === 1);
  return isOutdated ? "unknown" : before;
}

type Pair = readonly [Observation, Observation];

const isServer = ({ by }: Observation): boolean => by === "server";

/** Members may be made up, so they keep no node from announcing what a server sees: two servers have to differ. */
const isOfServers = (pair: Pair): boolean => pair.every(isServer);

/** Whether two members, each of which contradicts somebody, see this node where no server does. */
const isContradicted = (different: readonly Pair[]): boolean =>
  new Set(different.flat().map(({ observer }) => observer)).size >= 2;

const isComparable = (one: Observation, other: Observation): boolean =>
  one.observer !== other.observer &&
  endpointAddress(one.endpoint) === endpointAddress(other.endpoint) &&
  one.since <= other.at + togetherMs &&
  other.since <= one.at + togetherMs;

/** The endpoints that are likely to be right now: of each address the one that was new last. */
export function newestOf(observations: readonly Observation[]): readonly Endpoint[] {
  const byAge = observations.toSorted((left, right) => left.since - right.since);
  return [...Map.groupBy(byAge, ({ endpoint }) => endpointAddress(endpoint)).values()].flatMap(
    (all) => all.at(-1)?.endpoint ?? [],
  );
}
