import type { Command } from "./command.ts";

/**
 * The order in which a plan is carried out, so that no packet ever meets half a change:
 * - `grow` adds the links, addresses, peers, routes and rules that traffic will need.
 * - `swap` is the one nft transaction that redirects traffic.
 * - `shrink` removes what nothing uses any more.
 */
export type Stage = "grow" | "swap" | "shrink";

/** One line of a plan: the change and its reason (never a secret), and the commands that make it, in order. */
export interface Step {
  readonly stage: Stage;
  readonly text: string;
  readonly commands: readonly Command[];
  /**
   * Absent if the whole mesh needs the step, so that its failure ends the plan. Present if the plan goes on without it:
   * a step for one peer is skipped, as peers are independent of each other, and a step for several peers is tried again
   * for each. A setting of the host is missed by some traffic only.
   */
  readonly apart?: "one peer" | "a setting" | readonly Step[];
}
