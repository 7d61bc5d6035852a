import { onceFor } from "../base/index.ts";
import type { Affiliate } from "./affiliate.ts";
import { mergeAffiliates } from "./merge.ts";
import type { Told } from "./told.ts";

/** The part of a registry's statements that is about other nodes. */
type Source = Pick<Told, "isSealed" | "affiliates" | "awayNodes">;

/**
 * The present statements of all registries about one node. A sealed one wins over an unsealed one, so the two are kept
 * apart.
 */
export interface Heard {
  readonly nodeId: string;
  /** An affiliate by a holder of the cluster secret. */
  readonly sealed?: Affiliate;
  /** An affiliate by anybody who may change Nodes in Kubernetes. */
  readonly unsealed?: Affiliate;
  /** Set if the registry that tells the unsealed affiliate hears nothing of the machine. */
  readonly isAway?: true;
}

/**
 * Collects the statements about each node, in the order of first appearance. Equal input gives the same affiliate
 * objects.
 */
export function hearAll(sources: readonly Source[]): Heard[] {
  const [sealed, unsealed] = [true, false].map((isSealed) =>
    byNode(sources.filter((source) => source.isSealed === isSealed)),
  );
  const away = new Set(sources.flatMap(({ awayNodes }) => [...awayNodes]));
  const ids = new Set([...(sealed?.keys() ?? []), ...(unsealed?.keys() ?? [])]);
  return [...ids].map((nodeId) => {
    const [own, other] = [sealed?.get(nodeId), unsealed?.get(nodeId)];
    return {
      nodeId,
      ...(own && { sealed: own }),
      ...(other && { unsealed: other, ...(away.has(nodeId) && { isAway: true }) }),
    };
  });
}

function byNode(sources: readonly Source[]): ReadonlyMap<string, Affiliate> {
  const found = new Map<string, Affiliate>();
  for (const affiliate of sources.flatMap(({ affiliates }) => affiliates)) {
    const known = found.get(affiliate.nodeId);
    found.set(affiliate.nodeId, known ? unitedWith(known)(affiliate) : affiliate);
  }
  return found;
}

/** Unites an earlier affiliate with a later one. Registries give the same objects until something changes. */
const unitedWith = onceFor((earlier: Affiliate) => onceFor((later: Affiliate) => unite(earlier, later)));

/**
 * Unites two affiliates of one node. The newer announcement counts, and the older one only adds the endpoints at which
 * the node may be dialled, since it comes from a service that was left behind or that replays old records. An affiliate
 * without a number is that of a node without numbers, or from before the node had any.
 */
function unite(one: Affiliate, other: Affiliate): Affiliate {
  const [left, right] = [one.membership?.number ?? 0, other.membership?.number ?? 0];
  if (left === right) return mergeAffiliates([[one], [other]])[0] ?? one;
  const [newer, older] = left > right ? [one, other] : [other, one];
  if (!newer.kubespan || !older.kubespan) return newer;
  const endpoints = [...new Set([...newer.kubespan.endpoints, ...older.kubespan.endpoints])];
  return { ...newer, kubespan: { ...newer.kubespan, endpoints } };
}
