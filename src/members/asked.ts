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
import type { Claim } from "./claims.ts";
import { labelOf, someOf } from "./labels.ts";

export type Member = Affiliate & { readonly kubespan: KubespanAffiliate };

/** What of this node's side decides what a peer may ask for at all. */
export interface Reserved {
  readonly addresses: readonly Address[];
  readonly advertisedPrefixes: readonly Prefix[];
  readonly clusterPrefix: Prefix;
  readonly widestPrefix: { readonly ipv4: number; readonly ipv6: number };
  /** Where discovery services are reached, as far as that is known without asking anybody. */
  readonly registries?: readonly Address[];
}

export interface Asked {
  /** The KubeSpan address first. */
  readonly claims: readonly Claim[];
  readonly refused: readonly LeftOut[];
}

interface Taken {
  readonly prefix: Prefix;
  readonly reason: string;
}

/**
 * What one peer may ask for, before it is weighed against the other peers. It gets what fits, in the order in which it
 * names it, its addresses first: what does not fit is refused by itself, and counted before any work is done for it.
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
    { prefix: own.clusterPrefix, reason: "the network of the KubeSpan addresses" },
    ...excluded.map((prefix) => ({ prefix, reason: "excluded by the peer itself" })),
  ];
  const registries = (own.registries ?? []).map((address) => ({
    prefix: hostPrefix(address),
    reason: "a discovery service is reached there",
  }));
  const share = new Share(own.widestPrefix);
  const bounded: LeftOut[] = []; // said before all that was asked for
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
  const hosts = new Set(addresses.map(hostPrefix));
  const wanted = [...hosts, ...new Set(kubespan.additionalAddresses)];
  for (const [index, prefix] of wanted.entries()) {
    if (roomIn(claims) === 0) {
      bounded.push({ value: `${wanted.length - index} more networks`, reason: tooMany });
      break;
    }
    take(prefix, index < hosts.size);
  }
  const mesh: Claim = { ...claim(hostPrefix(kubespan.address)), isAddress: true };
  return { claims: [mesh, ...claims.values()], refused: someOf([...bounded, ...refused]) };
}

const tooMany = `one peer gets at most ${bounds.networks} networks`;
const roomIn = (claims: ReadonlyMap<Prefix, Claim>): number => bounds.networks - claims.size;

function tooWide(prefix: Prefix, widest: Reserved["widestPrefix"]): string | undefined {
  const limit = prefixFamily(prefix) === 4 ? widest.ipv4 : widest.ipv6;
  return bitsOf(prefix) < limit ? `wider than /${limit}, the limit set by widestPrefix` : undefined;
}

/** The prefix without what is reserved or special, each named in `refused`; a text if that takes more than `room`. */
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

/** How many addresses one peer may ask for in all: a few wide networks that are allowed each are everything together. */
class Share {
  readonly #left: Record<4 | 6, bigint>;
  readonly #limits: Record<4 | 6, number>;

  constructor({ ipv4, ipv6 }: Reserved["widestPrefix"]) {
    const networks = BigInt(bounds.widestNetworks);
    this.#left = { 4: networks << BigInt(32 - ipv4), 6: networks << BigInt(128 - ipv6) };
    this.#limits = { 4: ipv4, 6: ipv6 };
  }

  /** Why a network of which `rest` is left is too much, together with those before it; else it counts. */
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
