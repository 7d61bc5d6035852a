import {
  type Address,
  compareAddresses,
  fewLeftOut,
  isHostPrefix,
  isKubespanULA,
  isSideroLink,
  type LeftOut,
  type Prefix,
  prefixContains,
  prefixOf,
  unreachableKind,
} from "../net/index.ts";
import { whyElsewhere, whyInside } from "./link-kinds.ts";
import type { Link, LinkAddress } from "./links.ts";
import { otherMeshLinks } from "./other-meshes.ts";
import { loopback, primaryAddress } from "./underlying.ts";

interface OwnAddressesOptions {
  /** The name of the mesh's link. */
  readonly interfaceName: string;
  readonly advertisedPrefixes: readonly Prefix[];
}

export interface OwnAddresses {
  /**
   * The addresses for which this node answers, and that may be sent to it. The primary address of each family comes
   * first, then they are in order of links and of addresses, those of the loopback link and deprecated ones last.
   */
  readonly usable: readonly Address[];
  /** Those of them at which the node should not be dialled, each with the reason. */
  readonly undialled?: readonly LeftOut[];
  /** The other addresses, with the reasons. */
  readonly leftOut: readonly LeftOut[];
}

/** An address and the link that has it. */
interface Held {
  readonly link: Link;
  readonly entry: LinkAddress;
}

/**
 * The addresses that are this node's, and the reason why each of the others is not among them. An
 * address is the node's as long as the node answers for it: a deprecated one until it is no longer valid, a single
 * address on the loopback link as well.
 */
export function ownAddresses(links: readonly Link[], options: OwnAddressesOptions): OwnAddresses {
  const held = links
    .flatMap((link) => link.addresses.map((entry): Held => ({ link, entry })))
    .toSorted(
      (left, right) =>
        rank(left) - rank(right) ||
        left.link.index - right.link.index ||
        compareText(left.link.name, right.link.name) ||
        compareAddresses(left.entry.address, right.entry.address),
    );
  const usable = new Map<Address, Held>();
  const leftOut: LeftOut[] = [];
  const others = otherMeshLinks(links, options.interfaceName);
  for (const each of held) {
    const { link, entry } = each;
    const usual = whyUsually(each, others, options);
    const reason = usual ?? whyNot(each, links, options);
    if (reason !== undefined)
      leftOut.push({
        value: entry.address,
        reason: `${reason} (on ${link.name})`,
        ...(usual !== undefined && { isUsual: true }),
      });
    else if (!usable.has(entry.address)) usable.set(entry.address, each);
  }
  const all = [...usable.keys()];
  const below = links.filter(({ name }) => name !== options.interfaceName);
  const primary = ([4, 6] as const).flatMap((family) => primaryAddress(family, below, all) ?? []);
  return {
    usable: [...new Set([...primary, ...all])],
    undialled: [...usable].flatMap(([value, { link, entry }]) =>
      entry.deprecated ? [{ value, reason: `it is deprecated (on ${link.name})` }] : [],
    ),
    leftOut: fewLeftOut(leftOut.filter(({ value }) => !usable.has(value as Address))),
  };
}

const rank = ({ link, entry }: Held): number => Number(entry.deprecated) + 2 * Number(link.name === loopback);

/** A network of this node's, and the link that leads into it. */
export interface LinkNetwork {
  readonly network: Prefix;
  readonly link: string;
}

/** The networks in which this node has one of those addresses, with their links. */
export function linkNetworks(links: readonly Link[], usable: readonly Address[]): LinkNetwork[] {
  const own = new Set(usable);
  return links
    .filter(({ name }) => name !== loopback)
    .flatMap(({ name, addresses }) =>
      addresses
        .filter(({ address }) => own.has(address))
        .flatMap(({ address, bits }) => prefixOf(address, bits) ?? [])
        .map((network) => ({ network, link: name })),
    );
}

/** The networks in which this node has one of those addresses, as its links say. */
export const ownNetworks = (links: readonly Link[], usable: readonly Address[]): Prefix[] => [
  ...new Set(linkNetworks(links, usable).map(({ network }) => network)),
];

const compareText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

/** The reasons that concern some address of every machine, or of every machine with containers. */
function whyUsually(
  { link, entry }: Held,
  others: readonly Link[],
  options: OwnAddressesOptions,
): string | undefined {
  const { address } = entry;
  if (link.name === options.interfaceName) return "it is on the link of the mesh itself";
  if (others.includes(link)) return "it is on the link of another mesh";
  const kind = unreachableKind(address);
  if (kind !== undefined) return `it is ${kind}`;
  if (link.name === loopback && !isSingle(entry)) return "it is a network on the loopback link";
  return whyInside(link);
}

function whyNot(
  { link, entry }: Held,
  links: readonly Link[],
  options: OwnAddressesOptions,
): string | undefined {
  const { address } = entry;
  const elsewhere = whyElsewhere(link, address, links);
  if (elsewhere !== undefined) return elsewhere;
  if (!link.up) return "the link is down";
  if (isKubespanULA(address)) return "it is a KubeSpan address";
  if (isSideroLink(address)) return "it is a SideroLink address";
  if (entry.scope !== "global") return `its scope is ${entry.scope}, not global`;
  if (entry.tentative) return "it is tentative: duplicate address detection has not passed";
  const advertised = options.advertisedPrefixes.find((prefix) => prefixContains(prefix, address));
  return advertised && `it is inside ${advertised}, which this node advertises`;
}

const isSingle = ({ address, bits }: LinkAddress): boolean => {
  const network = prefixOf(address, bits);
  return network !== undefined && isHostPrefix(network);
};
