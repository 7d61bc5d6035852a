import type { Endpoint } from "../net/index.ts";

/** The statement of this node to a peer about the endpoint at which it sees the peer. */
export interface Telling {
  readonly nodeId: string;
  readonly endpoint: Endpoint;
  /** The time in milliseconds since which the peer is seen there. */
  readonly since: number;
  readonly toldAt: number;
}

/** The last statements by node id. */
export type Tellings = ReadonlyMap<string, Telling>;

/** The time in milliseconds after which a statement that still holds is repeated. */
const repeatMs = 5 * 60_000;
/** The time in milliseconds for which the statement of a member counts: it may miss two repetitions. */
export const statementMs = 11 * 60_000;

/**
 * The statements that are due, and all that were made. `published` are the endpoints that this node harvests: those of
 * connected peers that these do not announce, at its turn among all nodes that see the same. So however large the mesh,
 * each peer is told by a few.
 */
export function tellings(
  published: ReadonlyMap<string, readonly Endpoint[]>,
  before: Tellings,
  now: number,
): { readonly all: Tellings; readonly due: readonly Telling[] } {
  const all = new Map<string, Telling>();
  const due: Telling[] = [];
  for (const [nodeId, [endpoint]] of published) {
    if (endpoint === undefined) continue;
    const last = before.get(nodeId);
    const isSame = last?.endpoint === endpoint;
    const isDue = !isSame || now - last.toldAt >= repeatMs;
    const telling = isDue
      ? { nodeId, endpoint, since: isSame ? last.since : now, toldAt: now }
      : (last satisfies Telling);
    if (isDue) due.push(telling);
    all.set(nodeId, telling);
  }
  return { all, due };
}
