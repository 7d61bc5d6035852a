import type { ObservedPeer } from "../wireguard/index.ts";
import type { Contest } from "./contest.ts";
import { type Health, lookAtHealth, verified } from "./health.ts";
import type { PeerSpec } from "./spec.ts";

/** A race tells the peer where we are now: it answers there, and sends there from then on. */
export const isShaken = (health: Health | undefined, shakenAt = 0): boolean => {
  const at = Math.max(shakenAt, health?.doubtedAt ?? 0);
  return health !== undefined && at > 0 && at >= Math.max(health.heardAt, health.verifiedAt ?? 0);
};

/** What the counters tell, the peer's addresses, and the race that was to find out more. */
export function examine(
  before: Health | undefined,
  view: {
    readonly spec: PeerSpec;
    readonly contest: Contest | undefined;
    readonly observed: ObservedPeer;
  },
  now: number,
): Health {
  const { spec, contest, observed } = view;
  const seen = lookAtHealth(before, observed, now);
  const isElsewhere = spec.allowedIPs.some((prefix) => !observed.allowedIPs.includes(prefix));
  const health = isElsewhere ? { ...seen, doubtedAt: now } : seen;
  const proof = contest?.verifies && contest.answer;
  return proof && proof.endpoint === observed.endpoint ? verified(health, proof.answeredAt) : health;
}
