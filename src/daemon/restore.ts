import type { Logger } from "pino";
import { errorText } from "../base/index.ts";
import type { Config } from "../config/index.ts";
import { type Decision, desiredRouting, desiredTable, type Kernel } from "../mesh/index.ts";
import { observeTable } from "../nftables/effects/index.ts";
import { type Ownership, planTable, type Steered } from "../nftables/index.ts";
import { observeLinks, observeRouting } from "../routing/effects/index.ts";
import { planRouting } from "../routing/index.ts";
import type { Self } from "../self/index.ts";
import type { Runner } from "../system/index.ts";
import { applySteps } from "./apply.ts";
import type { Repairs } from "./repairs.ts";

interface Hands {
  readonly run: Runner;
  readonly log: Logger;
  readonly repairs: Repairs;
  readonly owner: { readonly ownership: Ownership };
}

/** The steering as it was wanted last. */
interface Wanted {
  readonly config: Config;
  readonly self: Self;
  readonly kernel: Kernel;
  readonly decision: Decision;
  readonly steered: Steered;
}

/**
 * Restores the table and the routing. While they are gone, traffic leaves in clear, so they come back before anything
 * else is looked at. Never rejects: a failure is left to the whole pass.
 */
export async function restoreSteering({ run, log, repairs, owner }: Hands, wanted: Wanted): Promise<void> {
  const { config, self, kernel, decision, steered } = wanted;
  try {
    const table = planTable(
      desiredTable(config, kernel, steered),
      await observeTable(run, config.interfaceName),
      owner,
    );
    await applySteps(run, log, table);
    repairs.made("table", table);
    const observed = await observeRouting(run, kernel.routing.scope, await observeLinks(run));
    const routing = planRouting(desiredRouting(config, self, kernel, decision), observed);
    await applySteps(run, log, routing);
    repairs.made("routing", routing);
  } catch (error) {
    log.debug(`left to the whole pass: ${errorText(error)}`); // the link may be gone too
  }
}
