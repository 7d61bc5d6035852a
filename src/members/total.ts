import type { LeftOut } from "../net/index.ts";
import { mostNetworks } from "./claims.ts";
import type { Claim } from "./prefix-claim.ts";

/** The claims of one member. */
interface Asking {
  readonly nodeId: string;
  readonly claims: readonly Claim[];
}

export interface Served {
  readonly claims: readonly Claim[];
  /** The claims that were cut off, by node id. */
  readonly refused: ReadonlyMap<string, readonly LeftOut[]>;
}

/**
 * Bounds the claims of all members together. Members with the fewest claims are served first, so that the cut hits
 * those that ask for much. With 1,024 members, a member that asks for 16 networks gets them, whatever the others do.
 */
export function servedInAll(asking: readonly Asking[], most = mostNetworks): Served {
  const total = asking.reduce((sum, { claims }) => sum + claims.length, 0);
  const refused = new Map<string, LeftOut[]>();
  if (total <= most) return { claims: asking.flatMap(({ claims }) => claims), refused };
  const modestFirst = [...asking].sort(
    (left, right) => left.claims.length - right.claims.length || (left.nodeId < right.nodeId ? -1 : 1),
  );
  let left = most;
  const served = modestFirst.flatMap(({ nodeId, claims }) => {
    const kept = claims.slice(0, left);
    left -= kept.length;
    if (kept.length < claims.length)
      refused.set(nodeId, [
        {
          value: `${claims.length - kept.length} networks`,
          reason: `all peers together get at most ${most} networks, and who asks for most goes without`,
        },
      ]);
    return kept;
  });
  return { claims: served, refused };
}
