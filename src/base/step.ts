import type { Command } from "./command.ts";

/**
 * The order in which a plan is carried out, so that no packet ever meets half a change:
 * - `grow`: links, addresses, peers, routes and rules that traffic will need
 * - `swap`: the one nft transaction that redirects traffic
 * - `shrink`: what nothing uses any more
 */
export type Stage = "grow" | "swap" | "shrink";

/** One line of a plan: what is done and why (never a secret), and the commands that do it, in order. */
export interface Step {
  readonly stage: Stage;
  readonly text: string;
  readonly commands: readonly Command[];
  /**
   * Absent where the whole mesh needs the step: if it fails, the plan ends. Where it is about peers, which have nothing to do
   * with each other, the plan goes on: one peer goes without, and of several the same step is tried for each.
   */
  readonly apart?: "one peer" | readonly Step[];
}
