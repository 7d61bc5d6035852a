import type { ObservedPeer } from "../wireguard/index.ts";
import { type Knocking, mostKnocking, type Standing } from "./packets.ts";
import type { Attempt } from "./rotation.ts";
import type { Wish } from "./wish.ts";

/** WireGuard repeats its initiation by itself to whoever has an endpoint and is to be kept alive. */
export const isKnocking = (observed: ObservedPeer | undefined): boolean =>
  observed !== undefined && observed.endpoint !== undefined && observed.keepaliveSeconds > 0;

/** Where too many are called, each gets so long for its attempt: WireGuard has then called three times. Milliseconds. */
const longestCall = 15_000;

/**
 * Whether WireGuard is to leave this one alone for the sake of others: it is unproven, was not heard since it is called,
 * and had its time. It waits for another turn like everybody else.
 */
export function isGivenUp(
  view: {
    readonly standing: Standing;
    readonly isKnocking: boolean;
    readonly observed: ObservedPeer | undefined;
    readonly last: Attempt | undefined;
    readonly wish: Wish;
  },
  knocking: Knocking,
  now: number,
): boolean {
  if (knocking.unproven < mostKnocking || view.standing === "proven" || !view.isKnocking) return false;
  if (view.observed === undefined || view.observed.receivedBytes > 0) return false;
  return view.wish.kind === "dial" || !view.last || now - view.last.since >= longestCall;
}
