import {
  type Address,
  addressFromBigInt,
  bitsOf,
  type Family,
  networkOf,
  type Prefix,
  prefixContains,
  prefixFamily,
  rangeOf,
  widthOf,
} from "../net/index.ts";

/** One set of the table. */
export interface NetworkSet {
  readonly name: string;
  readonly family: Family;
  /**
   * The length that all networks of the set have. The set is a hash then: to look up, to add and to delete a network
   * cost the same, however many there are. `undefined` stands for networks of any length in a tree.
   */
  readonly bits: number | undefined;
}

/** The lengths of the networks that Kubernetes gives a node's pods by default. */
const blockBits: Readonly<Record<Family, number>> = { 4: 24, 6: 64 };

/**
 * The sets of the targets, in the order of the lookups for packets of the node itself. Most networks of a mesh are
 * nodes or the pods of one node. The sets for all other networks have the names that operators of KubeSpan know
 * from Talos.
 */
export const targetSets: readonly NetworkSet[] = ([4, 6] as const).flatMap((family) => [
  { name: `kubespan_hosts_ipv${family}`, family, bits: widthOf(family) },
  { name: `kubespan_blocks_ipv${family}`, family, bits: blockBits[family] },
  { name: `kubespan_targets_ipv${family}`, family, bits: undefined },
]);

const setsOf: Readonly<Record<Family, readonly NetworkSet[]>> = {
  4: targetSets.filter(({ family }) => family === 4),
  6: targetSets.filter(({ family }) => family === 6),
};

/**
 * The sets of networks that decide only what becomes of a connection's first packet. They come after the others in the
 * table.
 */
export const judgingSets: readonly NetworkSet[] = ([4, 6] as const).flatMap((family) =>
  ["pods", "tolerated", "own", "own_pods"].map((kind) => ({
    name: `kubespan_${kind}_ipv${family}`,
    family,
    bits: undefined,
  })),
);

/** The contents of the sets: for each kind disjoint networks, in order. */
export interface Networks {
  /** The networks that are sent into the mesh. No KubeSpan address is among them. */
  readonly targets: readonly Prefix[];
  /** The pod networks among those of peers. */
  readonly pods: readonly Prefix[];
  /**
   * The targets from which packets may arrive outside the mesh: networks of peers that are not up, and those around
   * this node.
   */
  readonly tolerated: readonly Prefix[];
  /** The networks that this node announces and does not exclude, and its KubeSpan address. */
  readonly own: readonly Prefix[];
  /** The pod networks among `own`. */
  readonly ownPods: readonly Prefix[];
}

/** The size of a hash, which is fixed from the start: this one takes 256 KiB. Networks that do not fit go to the tree. */
export const hashSize = 16_384;

/**
 * The largest number of bits by which a network may be too short for a hash. So up to eight networks that were joined
 * because they lie side by side are kept apart, and no tree is needed for them.
 */
const mostJoinedBits = 3;

/** The networks in each set by its name. Sets without networks are left out. */
export type Contents = ReadonlyMap<string, readonly Prefix[]>;

/** Spreads disjoint networks over the sets. */
export function contentsOf(targets: readonly Prefix[]): Contents {
  const contents = new Map<string, Prefix[]>();
  const put = (set: NetworkSet, elements: readonly Prefix[]): boolean => {
    const before = contents.get(set.name) ?? [];
    if (elements.length === 0 || (set.bits !== undefined && before.length + elements.length > hashSize))
      return false;
    before.push(...elements);
    contents.set(set.name, before);
    return true;
  };
  for (const target of targets)
    setsOf[prefixFamily(target)].find((set) =>
      put(set, set.bits === undefined ? [target] : piecesOf(target, set.bits)),
    );
  return contents;
}

/** Finds the set of the targets that holds an address, and the element there; `undefined` where none does. */
export function elementIn(
  targets: readonly Prefix[],
  address: Address,
): { readonly set: string; readonly element: Prefix } | undefined {
  const target = targets.find((each) => prefixContains(each, address));
  if (target === undefined) return undefined;
  for (const [set, elements] of contentsOf(targets)) {
    const element = elements.find((each) => prefixContains(each, address));
    if (element !== undefined) return { set, element };
  }
  return undefined;
}

/** The contents of all sets. */
export function contentsOfAll(networks: Networks): Contents {
  const { targets, pods, tolerated, own, ownPods } = networks;
  const judging = { pods, tolerated, own, own_pods: ownPods };
  const contents = new Map(contentsOf(targets));
  for (const [kind, prefixes] of Object.entries(judging))
    for (const family of [4, 6] as const) {
      const elements = prefixes.filter((prefix) => prefixFamily(prefix) === family);
      if (elements.length > 0) contents.set(`kubespan_${kind}_ipv${family}`, elements);
    }
  return contents;
}

/** The networks of that length that make up a network. There are none if it is a longer one, or if they were too many. */
function piecesOf(prefix: Prefix, bits: number): Prefix[] {
  const more = bits - bitsOf(prefix);
  if (more === 0) return [prefix];
  if (more < 0 || more > mostJoinedBits) return [];
  const { family, first } = rangeOf(prefix);
  const size = 1n << BigInt(widthOf(family) - bits);
  return Array.from(
    { length: 1 << more },
    (_, at) => `${addressFromBigInt(family, first + BigInt(at) * size)}/${bits}` as Prefix,
  );
}

/** The network as an element is written in a transaction. */
export const elementText = ({ bits }: NetworkSet, prefix: Prefix): string =>
  bits === undefined ? prefix : networkOf(prefix);
