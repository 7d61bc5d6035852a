import type { ObservedPeer } from "../wireguard/index.ts";
import type { Knocking, Standing } from "./packets.ts";
import { longestCallMs, mostKnocking } from "./timings.ts";

/** WireGuard repeats its initiation by itself to whoever has an endpoint and is to be kept alive. */
export const isKnocking = (observed: ObservedPeer | undefined): boolean =>
  observed !== undefined && observed.endpoint !== undefined && observed.keepaliveSeconds > 0;

/**
 * Whether WireGuard is to leave this one alone for the sake of others: it is unproven, was not heard since it is called,
 * and had its time. It waits for another turn like everybody else.
 */
export function isGivenUp(
  peer: {
    readonly standing: Standing;
    readonly isKnocking: boolean;
    readonly observed: ObservedPeer | undefined;
    /** When it was dialled; `undefined`: not by this daemon. */
    readonly dialledAt: number | undefined;
    /** It is to be dialled once more: the attempt before had its time. */
    readonly isToBeDialled: boolean;
  },
  knocking: Knocking,
  now: number,
): boolean {
  if (knocking.unproven < mostKnocking || peer.standing === "proven" || !peer.isKnocking) return false;
  if (peer.observed === undefined || peer.observed.receivedBytes > 0) return false;
  return peer.isToBeDialled || peer.dialledAt === undefined || now - peer.dialledAt >= longestCallMs;
}
