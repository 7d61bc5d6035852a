import type { Affiliate } from "../discovery/index.ts";
import type { Prefix } from "../net/index.ts";

/**
 * A node that is known to belong to the mesh, and remembered until there is a proven reason to release it. The steered
 * networks are those of members, and not of the affiliates in the registries at the moment, since an attacker who can
 * remove a record from a registry must not be able to make traffic leave in clear.
 *
 *                     heard                        no registry names it
 *        (new) ──────────────────> present ──────────────────────────────> absent
 *                                   │  ^ <───────── heard again ────────────┘  │
 *                  proven farewell, │  │ heard, with a higher number           │ the same reasons, or absent and
 *            forgotten by an operator  │                                       │ unconnected for `forgetAfter`
 *                                   v  │                                       v
 *                                  released <──────────────────────────────────┘
 *
 * A member that is connected is never released because a registry forgot it.
 */
export type Member = Known &
  (
    | { readonly standing: "present" }
    | { readonly standing: "absent"; readonly since: number; readonly why: string }
    | {
        readonly standing: "released";
        readonly since: number;
        readonly why: string;
        /**
         * The condition for the member's return: a registry names it again, or it announces something newer than its
         * leaving.
         */
        readonly until: "named" | "renewed";
      }
  );

/**
 * The facts about a member that do not depend on its standing. Times are in milliseconds since 1970 on this node's
 * clock.
 */
export interface Known {
  readonly nodeId: string;
  /** The claim, made of the sealed affiliate and of what Kubernetes adds. It stays the same object until it changes. */
  readonly claim: Affiliate;
  /** The number of the step in which the claim last changed. */
  readonly revision: number;
  /** The last affiliate that the member sealed with the cluster secret. */
  readonly sealed?: Affiliate;
  /** The affiliate that Kubernetes tells. */
  readonly unsealed?: Affiliate;
  /** The highest number that was accepted; 0 for nodes that have none. */
  readonly number: number;
  /** The time at which the claim last changed, or was announced again under a higher number. */
  readonly announcedAt: number;
  /** The time since which each network has been claimed without a break. */
  readonly claimedSince: ReadonlyMap<Prefix, number>;
  /** The time of the last handshake that was seen. */
  readonly connectedAt?: number;
  /**
   * Present while the tunnel carries nothing, although the last handshake may be recent: the number of bytes that had
   * been received when that was found.
   */
  readonly silentAt?: number;
  /** The time at which the member was last found unconnected after having been connected. */
  readonly lostAt?: number;
  /** The time until which it was certainly there, before it was lost then. */
  readonly lostAfter?: number;
}

export type Members = ReadonlyMap<string, Member>;

/**
 * The age in milliseconds up to which a handshake counts as a connection. WireGuard gives a session up after three
 * minutes.
 */
export const connectedForMs = 180_000;

export function isConnected({ connectedAt, silentAt }: Known, now: number): boolean {
  if (silentAt !== undefined || connectedAt === undefined) return false;
  if (connectedAt > now) return false; // the clock was set back since then
  return now - connectedAt < connectedForMs;
}

/** The name of a member in messages. */
export const labelOf = ({ nodeId, nodeName, hostname }: Affiliate): string =>
  nodeName || hostname || nodeId.slice(0, 12);
