import type { Logger } from "pino";
import type { Prefix } from "../../net/index.ts";
import { noneOwnerless, type Ownerless } from "../ownerless.ts";

/** What tells of the networks that were steered last. */
export interface Steered {
  readonly log: Logger;
  /** The time in milliseconds since 1970. */
  readonly clock: () => number;
  /**
   * Gives the networks that this node steered when it last ran. It is asked if there is no ledger that can be used. Without
   * it, nothing is known of them.
   */
  readonly steeredBefore?: () => Promise<readonly Prefix[]>;
}

/** The networks whose owners are not known because there is no ledger that can be used. The log tells of them. */
export async function unowned({ steeredBefore, clock, log }: Steered): Promise<Ownerless> {
  const networks = (await steeredBefore?.()) ?? [];
  if (networks.length === 0) return noneOwnerless;
  log.warn(
    { networks: networks.length },
    "there is no ledger of members that can be used: what goes to the networks that were steered last is refused until their owners are connected",
  );
  return { networks, since: clock() };
}
