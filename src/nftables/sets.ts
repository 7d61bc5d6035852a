import {
  addressFromBigInt,
  bitsOf,
  type Family,
  networkOf,
  type Prefix,
  prefixFamily,
  rangeOf,
  widthOf,
} from "../net/index.ts";

/** One set of the table. */
export interface NetworkSet {
  readonly name: string;
  readonly family: Family;
  /**
   * All of its networks have this length, and it is a hash: looking one up, adding and deleting one cost the same
   * whatever there is. `undefined`: networks of any length, in a tree.
   */
  readonly bits: number | undefined;
}

/** What Kubernetes gives a node's pods by default. */
const blockBits: Readonly<Record<Family, number>> = { 4: 24, 6: 64 };

/**
 * Most networks of a mesh are nodes or the pods of one node. The name of those for all other networks is the one that
 * operators of KubeSpan know (reference section 7). In the order of the lookups for packets of the node itself.
 */
export const targetSets: readonly NetworkSet[] = ([4, 6] as const).flatMap((family) => [
  { name: `kubespan_hosts_ipv${family}`, family, bits: widthOf(family) },
  { name: `kubespan_blocks_ipv${family}`, family, bits: blockBits[family] },
  { name: `kubespan_targets_ipv${family}`, family, bits: undefined },
]);

/** Networks that decide only what becomes of a connection's first packet; in the table after the others. */
export const judgingSets: readonly NetworkSet[] = ([4, 6] as const).flatMap((family) =>
  ["pods", "tolerated", "own", "own_pods"].map((kind) => ({
    name: `kubespan_${kind}_ipv${family}`,
    family,
    bits: undefined,
  })),
);

/** What the sets hold: of each kind disjoint networks, in order. */
export interface Networks {
  /** Sent into the mesh; no KubeSpan address is among them. */
  readonly targets: readonly Prefix[];
  /** Of peers' networks, those of pods. */
  readonly pods: readonly Prefix[];
  /** Targets whose packets may come in outside the mesh: of peers that are not up, and what lives around this node. */
  readonly tolerated: readonly Prefix[];
  /** What this node announces and does not exclude, and its KubeSpan address. */
  readonly own: readonly Prefix[];
  /** Of these, pods. */
  readonly ownPods: readonly Prefix[];
}

/** A hash has its size from the start: 256 KiB for this one. What does not fit goes to the tree. */
export const hashSize = 16_384;

/** Up to eight networks that were joined because they lie side by side are kept apart, so that no tree is needed. */
const mostJoinedBits = 3;

/** By name of the set; sets without networks are left out. */
export type Contents = ReadonlyMap<string, readonly Prefix[]>;

/** Spreads disjoint networks over the sets. */
export function contentsOf(targets: readonly Prefix[]): Contents {
  const contents = new Map<string, Prefix[]>();
  for (const target of targets)
    for (const set of targetSets) {
      if (set.family !== prefixFamily(target)) continue;
      const elements = set.bits === undefined ? [target] : piecesOf(target, set.bits);
      const before = contents.get(set.name) ?? [];
      if (elements.length === 0 || (set.bits !== undefined && before.length + elements.length > hashSize))
        continue;
      before.push(...elements);
      contents.set(set.name, before);
      break;
    }
  return contents;
}

/** All sets' networks. */
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

/** The networks of that length which a network is made of; none if it is a longer one, or if they were many. */
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

/** As it is written in a transaction. */
export const elementText = ({ bits }: NetworkSet, prefix: Prefix): string =>
  bits === undefined ? prefix : networkOf(prefix);
