import type { Down } from "../api/routes.ts";
import type { Config } from "../config/index.ts";
import { AffiliateCache } from "../discovery/cache/effects/affiliate-cache.ts";
import { storedIdentity } from "../identity/effects/load.ts";
import { planNoMesh } from "../mesh/index.ts";
import { forgetLastWorking } from "../peers/effects/last-working-file.ts";
import { errorText, KubespanError } from "../system/error.ts";
import { createLogger } from "../system/log.ts";
import { run } from "../system/run.ts";
import { applyPlan } from "./apply.ts";
import { observeKernel } from "./observe.ts";
import { openRegistries } from "./registries.ts";

/** What `kubespan down` does where no daemon runs: tells the registries and removes every trace from the kernel. */
export async function takeDown(config: Config): Promise<Down> {
  const log = createLogger({ ...config.log, level: "warn" });
  const warnings = await withdraw(config);
  await forgetLastWorking(config.stateDirectory);
  const plan = planNoMesh(config, await observeKernel(run, config));
  await applyPlan({ run, log, stateDirectory: config.stateDirectory }, plan);
  return { steps: plan.steps.map((step) => step.text), warnings };
}

/** What `kubespan down` ends with where the daemon could not do it. */
export const notTakenDown = (error: unknown): KubespanError =>
  new KubespanError(
    error instanceof KubespanError ? error.code : "command",
    `the mesh was not taken down: ${errorText(error)}`,
    {
      hint: 'the daemon goes on with it, and "kubespan status" says how; put that right, and run "kubespan down" again',
      cause: error,
    },
  );

/** A node without an identity never told a registry anything. */
async function withdraw(config: Config): Promise<string[]> {
  const identity = await storedIdentity(config.stateDirectory);
  if (!identity) return [];
  const log = createLogger({ ...config.log, level: "fatal" });
  const { stateDirectory, cluster } = config;
  const { nodeId } = identity;
  const affiliates = await AffiliateCache.open({ stateDirectory, cluster, nodeId, log, clock: Date.now });
  const registries = openRegistries(config, nodeId, log, Date.now, { affiliates, isKept: true });
  try {
    return await registries.withdraw();
  } finally {
    await registries.stop();
  }
}
