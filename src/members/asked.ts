import { bounds } from "../config/index.ts";
import type { Affiliate, KubespanAffiliate } from "../discovery/index.ts";
import {
  type Address,
  bitsOf,
  hostPrefix,
  intersect,
  isHostPrefix,
  type LeftOut,
  type Prefix,
  prefixesTouch,
  prefixFamily,
  rangeOf,
  specialIn,
  subtractUpTo,
} from "../net/index.ts";
import { labelOf, someOf } from "./labels.ts";
import type { Claim } from "./prefix-claim.ts";

export type Member = Affiliate & { readonly kubespan: KubespanAffiliate };

/** The facts about this node that limit what any peer may ask for. */
export interface Reserved {
  readonly addresses: readonly Address[];
  readonly advertisedPrefixes: readonly Prefix[];
  /** The networks and addresses that no peer gets, as the operator says. */
  readonly localNetworks: readonly Prefix[];
  /** The addresses that members do not get, by node id, because another machine on a link of this node has them; absent for none. */
  readonly yielded?: ReadonlyMap<string, readonly Address[]>;
  /** The KubeSpan address of this node. */
  readonly address: Address;
  readonly clusterPrefix: Prefix;
  readonly widestPrefix: { readonly ipv4: number; readonly ipv6: number };
  /** The addresses at which discovery services are reached, as far as they are known without a query. */
  readonly registries?: readonly Address[];
}

export interface Asked {
  /** The claims, beginning with that of the KubeSpan address unless this node has the same. */
  readonly claims: readonly Claim[];
  readonly refused: readonly LeftOut[];
}

interface Taken {
  readonly prefix: Prefix;
  readonly reason: string;
}

/**
 * The networks that one peer may ask for, before they are weighed against those of other peers. A peer gets what fits,
 * in the order in which it names its networks, and its addresses come first. A network that does not fit is refused by
 * itself. Networks are counted before any work is done for them.
 */
export function askedPrefixes(member: Member, own: Reserved): Asked {
  const { nodeId, addresses, kubespan } = member;
  const label = labelOf(member);
  const claim = (prefix: Prefix): Claim => ({ nodeId, label, prefix });
  const claims = new Map<Prefix, Claim>();
  const refused: LeftOut[] = [];
  const excluded = kubespan.excludedNetworks.slice(0, bounds.excluded);
  const reserved: readonly Taken[] = [
    ...own.addresses.map((address) => ({ prefix: hostPrefix(address), reason: "this node's own address" })),
    ...own.advertisedPrefixes.map((prefix) => ({ prefix, reason: "a network of this node" })),
    ...own.localNetworks.map((prefix) => ({ prefix, reason: "in localNetworks of the configuration" })),
    ...(own.yielded?.get(nodeId) ?? []).map((address) => ({
      prefix: hostPrefix(address),
      reason: "another machine on a link of this node answers for it (allowLocalMachineBypass)",
    })),
    { prefix: own.clusterPrefix, reason: "the network of the KubeSpan addresses" },
    ...excluded.map((prefix) => ({ prefix, reason: "excluded by the peer itself" })),
  ];
  const registries = (own.registries ?? []).map((address) => ({
    prefix: hostPrefix(address),
    reason: "a discovery service is reached there",
  }));
  const share = new Share(own.widestPrefix);
  const bounded: LeftOut[] = []; // listed before the networks that are refused one by one
  if (kubespan.excludedNetworks.length > excluded.length)
    bounded.push({
      value: `${kubespan.excludedNetworks.length - excluded.length} more excluded networks`,
      reason: `of one peer at most ${bounds.excluded} are left out`,
    });

  const take = (prefix: Prefix, isAddress: boolean): void => {
    const taken = isAddress ? reserved : [...reserved, ...registries];
    const unfit = tooWide(prefix, own.widestPrefix);
    const rest = unfit === undefined ? remainder(prefix, taken, refused, roomIn(claims)) : unfit;
    const reason = typeof rest === "string" ? rest : share.refusal(prefix, rest);
    if (reason !== undefined) refused.push({ value: prefix, reason });
    else if (typeof rest !== "string")
      for (const each of rest)
        if (!claims.has(each))
          claims.set(each, {
            ...claim(each),
            ...(each !== prefix && { asked: prefix }),
            ...(isAddress && { isAddress }),
          });
  };
  // Talos lists a node's KubeSpan address among the others, too. It is claimed below.
  const hosts = new Set(addresses.filter((each) => each !== kubespan.address).map(hostPrefix));
  const wanted = [...hosts, ...new Set(kubespan.additionalAddresses)];
  for (const [index, prefix] of wanted.entries()) {
    if (roomIn(claims) === 0) {
      bounded.push({ value: `${wanted.length - index} more networks`, reason: tooMany });
      break;
    }
    take(prefix, index < hosts.size);
  }
  const mesh: Claim = { ...claim(hostPrefix(kubespan.address)), isAddress: true };
  if (kubespan.address !== own.address)
    return { claims: [mesh, ...claims.values()], refused: someOf([...bounded, ...refused]) };
  bounded.unshift({ value: mesh.prefix, reason: "this node's own KubeSpan address" });
  return { claims: [...claims.values()], refused: someOf([...bounded, ...refused]) };
}

const tooMany = `one peer gets at most ${bounds.networks} networks`;
const roomIn = (claims: ReadonlyMap<Prefix, Claim>): number => bounds.networks - claims.size;

function tooWide(prefix: Prefix, widest: Reserved["widestPrefix"]): string | undefined {
  const limit = prefixFamily(prefix) === 4 ? widest.ipv4 : widest.ipv6;
  return bitsOf(prefix) < limit ? `wider than /${limit}, the limit set by widestPrefix` : undefined;
}

/**
 * The prefix without its reserved and special parts, each of which is named in `refused`; a text if the rest takes more
 * than `room` prefixes.
 */
function remainder(
  prefix: Prefix,
  reserved: readonly Taken[],
  refused: LeftOut[],
  room: number,
): readonly Prefix[] | string {
  const special = specialIn(prefix).map((each) => ({
    prefix: each.prefix,
    reason: `${each.kind}, which is never routed`,
  }));
  const overlaps = [...special, ...reserved.filter((other) => prefixesTouch(prefix, other.prefix))];
  if (overlaps.length === 0) return [prefix];
  const removed = overlaps.map((other) => other.prefix);
  const rest = subtractUpTo([prefix], removed, room);
  if (rest === undefined) return `${tooMany}, and without what it excludes, and what is reserved, it is more`;
  for (const other of overlaps)
    for (const value of intersect([prefix], [other.prefix])) refused.push({ value, reason: other.reason });
  return rest;
}

/**
 * The number of addresses that one peer may ask for in all. Without it, a few wide networks, each of which is allowed,
 * would cover all addresses.
 */
class Share {
  readonly #left: Record<4 | 6, bigint>;
  readonly #limits: Record<4 | 6, number>;

  constructor({ ipv4, ipv6 }: Reserved["widestPrefix"]) {
    const networks = BigInt(bounds.widestNetworks);
    this.#left = { 4: networks << BigInt(32 - ipv4), 6: networks << BigInt(128 - ipv6) };
    this.#limits = { 4: ipv4, 6: ipv6 };
  }

  /**
   * Gives the reason why a network, of which `rest` is left, exceeds the share together with the networks before it. A
   * network that fits is counted.
   */
  refusal(prefix: Prefix, rest: readonly Prefix[]): string | undefined {
    if (isHostPrefix(prefix)) return undefined;
    const family = prefixFamily(prefix);
    const size = rest.reduce((sum, each) => sum + rangeOf(each).last - rangeOf(each).first + 1n, 0n);
    if (size > this.#left[family])
      return `with the networks before it, it is more than ${bounds.widestNetworks} of /${this.#limits[family]} (widestPrefix)`;
    this.#left[family] -= size;
    return undefined;
  }
}
