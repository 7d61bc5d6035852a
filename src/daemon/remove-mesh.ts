import type { Logger } from "pino";
import type { Down } from "../api/index.ts";
import { hasSaved, removeSaved } from "../barrier/effects/index.ts";
import { KubespanError } from "../base/index.ts";
import type { Config } from "../config/index.ts";
import { type Kernel, planNoMesh } from "../mesh/index.ts";
import { observeRelayTables } from "../relay/effects/index.ts";
import type { ReadSetting, Runner } from "../system/index.ts";
import { applyPlan } from "./apply.ts";
import { observeKernel } from "./observe.ts";

/**
 * Removes every trace from the kernel, and then the file that would close this node at the next start. Where this
 * fails, the node is as closed as it was.
 */
export async function removeMesh(
  config: Config,
  run: Runner,
  log: Logger,
  read?: ReadSetting,
): Promise<Down> {
  const plan = planNoMesh(
    config,
    await observeRemovable(run, config, read),
    await hasSaved(config.stateDirectory),
  );
  const { settings } = await applyPlan({ run, log, stateDirectory: config.stateDirectory }, plan);
  await removeSaved(config.stateDirectory);
  const unset = settings.map((failure) => `a setting of the host stays as it is: ${failure}`);
  return { steps: plan.steps.map((step) => step.text), warnings: [...plan.sysctls.left, ...unset] };
}

/**
 * Reads the kernel for a removal. State that cannot be read cannot be removed: programs that stay at the links would
 * keep networks closed to which no tunnel leads any more.
 */
export async function observeRemovable(run: Runner, config: Config, read?: ReadSetting): Promise<Kernel> {
  const kernel = await observeKernel(run, config, undefined, read);
  const { barrier } = kernel;
  if (barrier.kind === "unavailable" && barrier.isUnread)
    throw new KubespanError("command", `what hangs at the links cannot be read: ${barrier.reason}`, {
      hint: 'see what "tc filter show" says',
    });
  const relayTables = [...(await observeRelayTables(run, config.interfaceName)).keys()];
  return { ...kernel, relayTables };
}
