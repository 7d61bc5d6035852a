import type { Down } from "../api/routes.ts";
import type { Config } from "../config/index.ts";
import { AffiliateCache } from "../discovery/cache/effects/affiliate-cache.ts";
import { storedIdentity } from "../identity/effects/load.ts";
import { forgetLastWorking } from "../peers/effects/last-working-file.ts";
import { createLogger } from "../system/log.ts";
import { run } from "../system/run.ts";
import { openRegistries } from "./registries.ts";
import { removeMesh } from "./remove-mesh.ts";

/** What `kubespan down` does where no daemon runs: tells the registries and removes every trace from the kernel. */
export async function takeDown(config: Config): Promise<Down> {
  const log = createLogger({ ...config.log, level: "warn" });
  // Whatever the registries or a damaged identity have against it, the node is open afterwards.
  const [withdrawal] = await Promise.allSettled([withdraw(config)]);
  await forgetLastWorking(config.stateDirectory);
  const steps = await removeMesh(config, run, log);
  if (withdrawal.status === "rejected") throw withdrawal.reason;
  return { steps, warnings: withdrawal.value };
}

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
