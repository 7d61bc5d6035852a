import { type Budget, type BudgetLimits, refill } from "./budget.ts";
import type { Wish } from "./wish.ts";

/**
 * - `proven`: it was connected once, so it is somebody's machine that holds this key, and was where it said
 * - `unproven`: whoever has the cluster's secret may have made it up, with endpoints of anybody
 */
export type Standing = "proven" | "unproven";
export const standings: readonly Standing[] = ["proven", "unproven"];

/** For all peers of a standing together: packets with an initiation. */
export interface Share extends Budget {
  /** How many packets each peer that waits could have had (turns.ts). */
  readonly count: number;
}
export type PacketBudget = Readonly<Record<Standing, Share>>;

/**
 * A made-up member costs whoever owns its endpoints a packet for each, from every node of the mesh. So peers that never
 * were connected get 100 packets a second together, and at the beginning as many as a mesh needs that starts at once: of
 * 500 nodes, half of all pairs are up after the same time as without this limit (docs/bench/sim.md). Proven ones are to
 * be back soon after an outage of the network: 1,023 of them with three endpoints each within five seconds.
 */
export const packetLimits: Readonly<Record<Standing, BudgetLimits>> = {
  proven: { perSecond: 600, most: 600 },
  unproven: { perSecond: 100, most: 2_000 },
};

/** WireGuard repeats an initiation that nobody answers after 5 s, for as long as the peer is to be kept alive. */
const repetitionsPerSecond = 0.2;

/**
 * So many unproven peers may be left to WireGuard's own repetitions, which nobody else can hold back: half of what there
 * is a second. The rest stays for races.
 */
export const mostKnocking = packetLimits.unproven.perSecond / 2 / repetitionsPerSecond;

/** How many peers WireGuard itself is calling, in vain so far. */
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

/** How many packets a wish takes at once. WireGuard's first initiation after a dial is one. */
export const packetsOf = (wish: Wish): number => (wish.kind === "race" ? wish.endpoints.length : 1);
