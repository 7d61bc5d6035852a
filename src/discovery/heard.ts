import type { Affiliate } from "./affiliate.ts";
import { mergeAffiliates } from "./merge.ts";
import type { Told } from "./registry.ts";

/** What one registry tells of other nodes. */
type Source = Pick<Told, "isSealed" | "affiliates">;

/** What all registries say of one node now: what is sealed wins over what is not, so the two are kept apart. */
export interface Heard {
  readonly nodeId: string;
  /** Written by somebody who has the cluster secret. */
  readonly sealed?: Affiliate;
  /** Written by whoever may change Nodes in Kubernetes. */
  readonly unsealed?: Affiliate;
}

/** In order of first appearance, one for each node. Equal input gives the same affiliates, as objects. */
export function hearAll(sources: readonly Source[]): Heard[] {
  const [sealed, unsealed] = [true, false].map((isSealed) =>
    byNode(sources.filter((source) => source.isSealed === isSealed)),
  );
  const ids = new Set([...(sealed?.keys() ?? []), ...(unsealed?.keys() ?? [])]);
  return [...ids].map((nodeId) => {
    const [own, other] = [sealed?.get(nodeId), unsealed?.get(nodeId)];
    return { nodeId, ...(own && { sealed: own }), ...(other && { unsealed: other }) };
  });
}

function byNode(sources: readonly Source[]): ReadonlyMap<string, Affiliate> {
  const found = new Map<string, Affiliate>();
  for (const affiliate of sources.flatMap(({ affiliates }) => affiliates)) {
    const known = found.get(affiliate.nodeId);
    found.set(affiliate.nodeId, known ? remembered(known, affiliate) : affiliate);
  }
  return found;
}

/** Registries give the same objects until something changes, so that what is made of two of them is made once. */
const united = new WeakMap<Affiliate, WeakMap<Affiliate, Affiliate>>();

function remembered(earlier: Affiliate, later: Affiliate): Affiliate {
  const known = united.get(earlier)?.get(later);
  if (known) return known;
  const made = unite(earlier, later);
  const others = united.get(earlier) ?? new WeakMap<Affiliate, Affiliate>();
  united.set(earlier, others.set(later, made));
  return made;
}

/**
 * Of two announcements with numbers the newer one counts, and of the older one only where the node may be dialled: a
 * service that was left behind, or that replays what it once heard, adds nothing else. One without a number is that of
 * a node without numbers, or from before it had any.
 */
function unite(one: Affiliate, other: Affiliate): Affiliate {
  const [left, right] = [one.membership?.number ?? 0, other.membership?.number ?? 0];
  if (left === right) return mergeAffiliates([[one], [other]])[0] ?? one;
  const [newer, older] = left > right ? [one, other] : [other, one];
  if (!newer.kubespan || !older.kubespan) return newer;
  const endpoints = [...new Set([...newer.kubespan.endpoints, ...older.kubespan.endpoints])];
  return { ...newer, kubespan: { ...newer.kubespan, endpoints } };
}
