import { type Budget, refill } from "./budget.ts";
import { packetLimits, repetitionsPerSecond } from "./timings.ts";

/**
 * - `proven`: it was connected once, so it is somebody's machine that holds this key, and was where it said
 * - `unproven`: whoever has the cluster's secret may have made it up, with endpoints of anybody
 */
export type Standing = keyof typeof packetLimits;
export const standings: readonly Standing[] = ["proven", "unproven"];

/** For all peers of a standing together: packets with an initiation. */
export interface Share extends Budget {
  /** The number of packets that each peer that waits could have had (turns.ts). */
  readonly count: number;
}
export type PacketBudget = Readonly<Record<Standing, Share>>;

/** The number of peers that WireGuard itself is calling, in vain so far. */
export type Knocking = Readonly<Record<Standing, number>>;

/** Filled up to now, less what WireGuard has sent by itself meanwhile. */
export function refillPackets(
  before: PacketBudget | undefined,
  knocking: Knocking,
  now: number,
): PacketBudget {
  const filled = (standing: Standing): Share => {
    const { perSecond, most } = packetLimits[standing];
    const own = knocking[standing] * repetitionsPerSecond;
    const limits = { most, perSecond: Math.max(0, perSecond - own) };
    return { count: before?.[standing].count ?? 0, ...refill(before?.[standing], now, limits) };
  };
  return { proven: filled("proven"), unproven: filled("unproven") };
}
