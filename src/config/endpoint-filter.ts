import {
  type Address,
  hostPrefix,
  type Prefix,
  parseAddress,
  parsePrefix,
  prefixContains,
} from "../net/index.ts";

/**
 * A filter for addresses; `!` in the configuration makes an exclusion. The last filter that contains an address
 * decides. An address that no filter contains is left out, unless all filters are exclusions.
 */
export interface EndpointFilter {
  readonly prefix: Prefix;
  readonly exclude: boolean;
}

/** Reads a prefix or, as Talos does, a single address, with `!` before it for an exclusion. */
export function parseEndpointFilter(text: string): EndpointFilter | undefined {
  const exclude = text.startsWith("!");
  const network = exclude ? text.slice(1) : text;
  const address = parseAddress(network);
  const prefix = address === undefined ? parsePrefix(network) : hostPrefix(address);
  return prefix && { prefix, exclude };
}

/** The reason why the filters of a setting leave an address out; `undefined` if they do not. */
export function filterReason(
  address: Address,
  filters: readonly EndpointFilter[],
  setting: string,
): string | undefined {
  const rule = filters.findLast(({ prefix }) => prefixContains(prefix, address));
  if (rule) return rule.exclude ? `excluded by ${setting}: !${rule.prefix}` : undefined;
  return isOnlyExclusions(filters) ? undefined : `no rule of ${setting} contains ${hostPrefix(address)}`;
}

/** The place in the list of the filter that decides about an address; -1 if none does. */
export const filterPlace = (address: Address, filters: readonly EndpointFilter[]): number =>
  filters.findLastIndex(({ prefix }) => prefixContains(prefix, address));

/** Whether an address that no filter contains is kept. Talos then leaves it out. */
export const isOnlyExclusions = (filters: readonly EndpointFilter[]): boolean =>
  filters.every(({ exclude }) => exclude);
