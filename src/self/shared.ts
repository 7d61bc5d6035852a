import type { Affiliate } from "../discovery/index.ts";
import { type Address, isHostPrefix, type LeftOut, networkOf } from "../net/index.ts";

/** What is known of the other members that have an address of this node, too. */
interface Sharing {
  /** The names of those members by node id, also of those that have stopped naming the address meanwhile. */
  readonly others: ReadonlyMap<string, string>;
  /** Those of them that name it at the moment. */
  readonly naming: ReadonlySet<string>;
  /** The time until which this node goes on to name it, in milliseconds since 1970. */
  readonly namedUntil: number;
}

/** The addresses of this node that other members have, too. */
export type Shared = ReadonlyMap<Address, Sharing>;

/**
 * The time in milliseconds for which a shared address is still named, once another member has begun to name it. The
 * other one learns by that that it is shared. Without it, the first of them to stop would leave the address to the other.
 */
const lastNamedMs = 30_000;

/** A member as far as it matters here. */
interface Other {
  readonly affiliate: Pick<Affiliate, "nodeId" | "nodeName" | "hostname" | "addresses" | "kubespan">;
  readonly isConnected: boolean;
}

/**
 * Finds the addresses on this node's loopback link that are those of another connected member as well. They are
 * addresses of a service, which the network sends to any of its machines (anycast), or which a load balancer passes on
 * unchanged (direct server return): if they were one node's, all traffic would go to that one. A member that has such an
 * address keeps it in mind as long as the other is connected, whether that one names it or not; an address that moved
 * here from a node that is gone becomes this node's.
 */
export function sharedAddresses(
  onLoopback: readonly Address[],
  members: readonly Other[],
  before: Shared,
  now: number,
): Shared {
  if (onLoopback.length === 0) return before.size === 0 ? before : new Map();
  const connected = members.filter(({ isConnected }) => isConnected).map(({ affiliate }) => affiliate);
  const present = new Set(connected.map(({ nodeId }) => nodeId));
  const wanted = new Set(onLoopback);
  const naming = new Map<Address, Map<string, string>>();
  for (const member of connected)
    for (const address of addressesOf(member))
      if (wanted.has(address))
        naming.set(
          address,
          (naming.get(address) ?? new Map()).set(
            member.nodeId,
            member.nodeName || member.hostname || member.nodeId,
          ),
        );
  const shared = new Map<Address, Sharing>();
  for (const address of onLoopback) {
    const [known, named] = [before.get(address), naming.get(address) ?? new Map<string, string>()];
    const others = new Map([...(known?.others ?? [])].filter(([nodeId]) => present.has(nodeId)));
    for (const [nodeId, name] of named) others.set(nodeId, name);
    const isNews = [...named.keys()].some((nodeId) => known?.naming.has(nodeId) !== true);
    const namedUntil = isNews || known === undefined ? now + lastNamedMs : known.namedUntil;
    if (others.size > 0) shared.set(address, { others, naming: new Set(named.keys()), namedUntil });
  }
  return shared;
}

/** The single addresses that a member names, its own and those behind it. */
const addressesOf = ({ addresses, kubespan }: Other["affiliate"]): Address[] => [
  ...addresses,
  ...(kubespan?.additionalAddresses ?? []).filter(isHostPrefix).map(networkOf),
];

/** The addresses that are named to others, and the reasons why the shared ones are not. */
export function withoutShared(
  addresses: readonly Address[],
  shared: Shared,
  now: number,
): { readonly named: readonly Address[]; readonly leftOut: readonly LeftOut[] } {
  if (shared.size === 0) return { named: addresses, leftOut: [] };
  const isNamed = (address: Address): boolean =>
    now < (shared.get(address)?.namedUntil ?? Number.POSITIVE_INFINITY);
  const leftOut = addresses.flatMap((value): LeftOut[] => {
    const others = shared.get(value)?.others;
    if (others === undefined || isNamed(value)) return [];
    const [first = ""] = others.values();
    const names =
      others.size > 1 ? `${first} and ${others.size - 1} more have it, too` : `${first} has it, too`;
    return [{ value, reason: `${names}, so it is nobody's, and not sent through the mesh (on lo)` }];
  });
  return { named: addresses.filter(isNamed), leftOut };
}
