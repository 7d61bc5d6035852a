import type { Affiliate } from "../discovery/index.ts";
import type { Prefix } from "../net/index.ts";

/**
 * A node that is known to belong to the mesh, remembered until there is a proven reason to let it go. What is steered
 * is made of members and not of what registries say at this moment: who can take a record out of a registry must not be
 * able to make traffic leave in clear (lesson 22).
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
        /** What brings it back: that a registry names it again, or something newer than its leaving. */
        readonly until: "named" | "renewed";
      }
  );

/** What is known of a member, whatever its standing. Times in milliseconds since 1970 on this node's clock. */
export interface Known {
  readonly nodeId: string;
  /** What it is taken at: what is sealed, and what Kubernetes adds to it. Stays the same object until that changes. */
  readonly claim: Affiliate;
  /** The number of the step in which the claim last changed. */
  readonly revision: number;
  /** What it said last, sealed with the cluster secret. */
  readonly sealed?: Affiliate;
  /** What Kubernetes says of it. */
  readonly unsealed?: Affiliate;
  /** The highest number that was accepted of it; 0 for nodes that have none. */
  readonly number: number;
  /** When its claim last changed, or it announced the same anew under a higher number. */
  readonly announcedAt: number;
  /** Of each network that it claims, since when it does so without a break. */
  readonly claimedSince: ReadonlyMap<Prefix, number>;
  /** Its last handshake, as far as one was seen. */
  readonly connectedAt?: number;
  /** When it was last found unconnected after having been connected. */
  readonly lostAt?: number;
}

export type Members = ReadonlyMap<string, Member>;

/** WireGuard gives a session up after three minutes; a handshake that is older says nothing about now. */
export const connectedForMs = 180_000;

export function isConnected({ connectedAt }: Known, now: number): boolean {
  if (connectedAt === undefined || connectedAt > now) return false; // the clock was set back since
  return now - connectedAt < connectedForMs;
}

/** How messages name a member. */
export const labelOf = ({ nodeId, nodeName, hostname }: Affiliate): string =>
  nodeName || hostname || nodeId.slice(0, 12);
