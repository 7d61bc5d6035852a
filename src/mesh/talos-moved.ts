import type { Affiliate } from "../discovery/index.ts";
import { isTalosNode } from "../members/index.ts";
import type { Connection } from "../peers/index.ts";

/** The milliseconds after a move in which a node that runs Talos has received something from where this node is now. */
const settledMs = 5_000;

/**
 * The time of the last move of a peer that runs Talos, once that node can know of it. With every event of a link such a
 * node writes the endpoints of its peers anew as it last decided them, which it does when a peer announces itself. So
 * this node announces itself again, or else the node would go back to where this one was before.
 */
export function talosMovedAt(
  affiliates: readonly Affiliate[],
  connections: ReadonlyMap<string, Connection>,
  now: number,
): number | undefined {
  const moves = affiliates.filter(isTalosNode).flatMap(({ kubespan }) => {
    const change = kubespan && connections.get(kubespan.publicKey)?.path?.lastChange;
    return change && now - change.at >= settledMs ? change.at : [];
  });
  return moves.length === 0 ? undefined : Math.max(...moves);
}
