import { bounds, type Config } from "../config/index.ts";
import { type Affiliate, affiliateBytes, type Membership, mostAffiliateBytes } from "../discovery/index.ts";
import type { Warning } from "../marks/index.ts";
import {
  type Address,
  familyOf,
  fewLeftOut,
  type LeftOut,
  type Prefix,
  PrefixIndex,
  prefixWithin,
} from "../net/index.ts";

/** An affiliate that the registries take, and what had to be left out for it. */
interface Fitted {
  readonly affiliate: Affiliate;
  readonly leftOut: readonly LeftOut[];
  readonly warnings: readonly Warning[];
}

type Item =
  | { readonly kind: "address"; readonly value: Address }
  | { readonly kind: "network"; readonly value: Prefix };

/** The numbers of a membership at their longest. */
const longest = { number: Number.MAX_SAFE_INTEGER, startedAt: Number.MAX_SAFE_INTEGER };

/**
 * The affiliate with as many of its addresses and networks as a service stores and a peer takes. The node itself is
 * never refused: the primary address of each family stays, then the networks, then the other addresses in their order;
 * those last that others do not want in any case.
 */
export function fitted(
  whole: Affiliate,
  membership: Pick<Membership, "machine" | "otherNetworks">,
  { excludeAdvertisedNetworks }: Pick<Config, "excludeAdvertisedNetworks">,
): Fitted {
  const items = ranked(whole, excludeAdvertisedNetworks);
  const isFitting = (count: number): boolean =>
    count <= bounds.networks &&
    affiliateBytes({
      ...withItems(whole, items.slice(0, count)),
      membership: { ...membership, ...longest },
    }) <= mostAffiliateBytes;
  if (isFitting(items.length)) return { affiliate: whole, leftOut: [], warnings: [] };
  const count = mostFitting(items.length, isFitting);
  // Other nodes take the KubeSpan address from where it stands by itself, so it is not missed among the addresses.
  const cut = items.slice(count).filter(({ value }) => value !== whole.kubespan?.address);
  const leftOut = cut.map(({ kind, value }) => ({
    value: kind === "network" ? `network ${value}` : value,
    reason: tooMany,
  }));
  const isUnwanted = within(excludeAdvertisedNetworks);
  const missing = cut.filter((item) => !isUnwanted(item));
  return {
    affiliate: withItems(whole, items.slice(0, count)),
    leftOut: fewLeftOut(leftOut),
    warnings: missing.length === 0 ? [] : [warningOf(missing)],
  };
}

/**
 * The items of a list for which there is room in an announcement beside all that it holds, the first ones first. Nothing
 * else gives way to them.
 */
export function fittingOf<Name extends "evictions" | "refusals">(
  name: Name,
  affiliate: Affiliate,
  membership: Omit<Membership, keyof typeof longest>,
  items: NonNullable<Membership[Name]>,
): NonNullable<Membership[Name]> {
  const first = (count: number) => items.slice(0, count) as unknown as NonNullable<Membership[Name]>;
  const isFitting = (count: number): boolean =>
    affiliateBytes({ ...affiliate, membership: { ...membership, ...longest, [name]: first(count) } }) <=
    mostAffiliateBytes;
  return isFitting(items.length) ? items : first(mostFitting(items.length, isFitting));
}

const tooMany = `an announcement holds ${mostAffiliateBytes} bytes, and ${bounds.networks} addresses and networks`;

function warningOf(missing: readonly Item[]): Warning {
  const [first] = missing;
  const more = missing.length > 1 ? ` and ${missing.length - 1} more` : "";
  const what =
    `${first?.value}${more} do not fit into the announcement, so other nodes send to them in clear: have fewer, or ` +
    "name a network that contains them in advertisedPrefixes";
  return { who: "this node", what };
}

const addressOf = (value: Address): Item => ({ kind: "address", value });
const networkOf = (value: Prefix): Item => ({ kind: "network", value });

function ranked({ addresses, kubespan }: Affiliate, unwanted: readonly Prefix[]): Item[] {
  const primary = new Set(
    ([4, 6] as const).flatMap((family) => addresses.find((address) => familyOf(address) === family) ?? []),
  );
  const items: Item[] = [
    ...Array.from(primary, addressOf),
    ...(kubespan?.additionalAddresses ?? []).map(networkOf),
    ...addresses.filter((address) => !primary.has(address)).map(addressOf),
  ];
  const isUnwanted = within(unwanted);
  return [...items.filter((item) => !isUnwanted(item)), ...items.filter(isUnwanted)];
}

function within(networks: readonly Prefix[]): (item: Item) => boolean {
  const index = new PrefixIndex<true>();
  for (const network of networks) index.add(network, true);
  return (item) =>
    item.kind === "address"
      ? index.find(item.value) !== undefined
      : networks.some((network) => prefixWithin(item.value, network));
}

function withItems(whole: Affiliate, items: readonly Item[]): Affiliate {
  const { kubespan } = whole;
  const addresses = new Set(items.flatMap(({ kind, value }) => (kind === "address" ? value : [])));
  const networks = new Set(items.flatMap(({ kind, value }) => (kind === "network" ? value : [])));
  return {
    ...whole,
    addresses: whole.addresses.filter((address) => addresses.has(address)),
    ...(kubespan && {
      kubespan: {
        ...kubespan,
        additionalAddresses: kubespan.additionalAddresses.filter((network) => networks.has(network)),
      },
    }),
  };
}

/** The largest count that fits, found by halving. Nothing fits if not even none does. */
function mostFitting(all: number, isFitting: (count: number) => boolean): number {
  let [fits, fails] = [0, all];
  while (fails - fits > 1) {
    const middle = (fits + fails) >> 1;
    if (isFitting(middle)) fits = middle;
    else fails = middle;
  }
  return fits;
}
