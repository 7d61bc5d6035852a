import type { Affiliate } from "../discovery/index.ts";
import { networksClaimed } from "./claim.ts";
import type { Member, Members } from "./member.ts";

/**
 * Tells whether a daemon that starts from the members `kept` steers all that one with the members `now` steers: whether
 * every member that was not let go is there with the same key and all of its networks. Members that were let go
 * meanwhile, and networks that nobody claims any more, do not matter: it is safe to steer them for a little longer.
 */
export function keepsAll(kept: Members, now: Members): boolean {
  if (kept === now) return true;
  for (const member of now.values())
    if (member.standing !== "released" && !keeps(kept.get(member.nodeId), member.claim)) return false;
  return true;
}

function keeps(before: Member | undefined, claim: Affiliate): boolean {
  if (!before || before.standing === "released") return false;
  if (before.claim === claim) return true;
  if (before.claim.kubespan?.publicKey !== claim.kubespan?.publicKey) return false;
  const networks = new Set(networksClaimed(before.claim));
  return networksClaimed(claim).every((network) => networks.has(network));
}
