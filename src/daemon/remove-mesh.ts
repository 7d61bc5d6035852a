import type { Logger } from "pino";
import { removeSaved } from "../barrier/effects/index.ts";
import type { Config } from "../config/index.ts";
import { planNoMesh } from "../mesh/index.ts";
import type { Runner } from "../system/index.ts";
import { applyPlan } from "./apply.ts";
import { observeKernel } from "./observe.ts";

/** Removes every trace from the kernel, and what would close this node at the next start; gives what was done. */
export async function removeMesh(config: Config, run: Runner, log: Logger): Promise<string[]> {
  await removeSaved(config.stateDirectory);
  const plan = planNoMesh(config, await observeKernel(run, config));
  await applyPlan({ run, log, stateDirectory: config.stateDirectory }, plan);
  return plan.steps.map((step) => step.text);
}
