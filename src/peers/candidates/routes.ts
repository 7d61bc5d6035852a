import { type Address, isHostPrefix, isPrivate, type Prefix, PrefixIndex } from "../../net/index.ts";
import type { CandidateContext, Router } from "./kind.ts";

/** In which network of the mesh an address lies. */
interface Route {
  /** A tunnel to an address that this tunnel leads to would run through itself. */
  readonly leads: "into the tunnel" | "to another member";
  readonly reason: string;
}

/**
 * `undefined` for an address in no network of the mesh, and for one that was granted by itself. In a network of this
 * node's or of the peer's own, and among private addresses in anybody's, an endpoint would lead a tunnel through a tunnel.
 */
export function routeTo(
  address: Address,
  { nodeId, routed }: Pick<CandidateContext, "nodeId" | "routed">,
): Route | undefined {
  const found = routed.find(address);
  if (!found || isHostPrefix(found.prefix)) return undefined;
  const router = found.value;
  const isOthers = router.nodeId !== undefined && router.nodeId !== nodeId && !isPrivate(address);
  return {
    leads: isOthers ? "to another member" : "into the tunnel",
    reason: `inside ${found.prefix}, which ${router.label} routes through the mesh`,
  };
}

/**
 * The networks in which no endpoint should lie, or the tunnel would run through a tunnel. Single addresses stand among them
 * for what they are: a node's own address is both a destination in the mesh and where the node is dialled.
 */
export function routedPrefixes(
  networks: Iterable<{ readonly prefix: Prefix } & Router>,
  own: readonly Prefix[],
): PrefixIndex<Router> {
  const index = new PrefixIndex<Router>();
  for (const prefix of own) index.add(prefix, { label: "this node" });
  for (const { prefix, label, nodeId } of networks)
    index.add(prefix, { label, ...(nodeId !== undefined && { nodeId }) });
  return index;
}
