import type { LeftOut } from "../net/index.ts";
import { type Claim, mostNetworks } from "./claims.ts";

/** What one member asks for. */
interface Asking {
  readonly nodeId: string;
  readonly claims: readonly Claim[];
}

export interface Served {
  readonly claims: readonly Claim[];
  /** By node id. */
  readonly refused: ReadonlyMap<string, readonly LeftOut[]>;
}

/**
 * Bounds what all members ask for together. Who asks for least is served first, so that those who ask for much go without,
 * and not those who ask for little: with 1,024 members, whoever asks for 16 networks gets them, whatever the others do.
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
