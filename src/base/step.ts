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
   * Present where the step is about peers that have nothing to do with each other: the same for each of several. If the step
   * fails, these are tried one by one, and whatever fails then, the plan goes on.
   */
  readonly apart?: readonly Step[];
}
