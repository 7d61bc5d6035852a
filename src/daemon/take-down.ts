import type { Down } from "../api/index.ts";
import { errorText, KubespanError } from "../base/index.ts";
import type { Config } from "../config/index.ts";
import { storedIdentity } from "../identity/effects/index.ts";
import { LedgerFile } from "../members/effects/index.ts";
import { afterOwner } from "../nftables/effects/index.ts";
import { forgetLastWorking } from "../peers/effects/index.ts";
import { NumberFile } from "../self/effects/index.ts";
import { createLogger, run } from "../system/index.ts";
import { portMapperOf } from "./compose.ts";
import { evictionsOf } from "./evictions.ts";
import { Membership } from "./membership.ts";
import { lookAtDevice } from "./observe.ts";
import { openRegistries } from "./registries.ts";
import { removeMesh } from "./remove-mesh.ts";
import { secretChangeOf } from "./secret-change.ts";
import { describeSelf } from "./self.ts";

/** Does the work of `kubespan down` where no daemon runs: it tells the others and removes every trace from the kernel. */
export async function takeDown(config: Config): Promise<Down> {
  const log = createLogger({ ...config.log, level: "warn" });
  // The node is open afterwards, even if the registries or a damaged identity keep it from telling the others.
  const [withdrawal] = await Promise.allSettled([leave(config)]);
  const { steps, warnings } = await removeMesh(config, afterOwner(run), log);
  await forgetLastWorking(config.stateDirectory);
  if (withdrawal.status === "rejected") throw withdrawal.reason;
  return { steps, warnings: [...withdrawal.value, ...warnings] };
}

/** The error with which `kubespan down` ends where the daemon could not do it. */
export const notTakenDown = (error: unknown): KubespanError =>
  new KubespanError(
    error instanceof KubespanError ? error.code : "command",
    `the mesh was not taken down: ${errorText(error)}`,
    {
      hint: "the daemon goes on with it, and 'kubespan status' says how; put that right, and run 'kubespan down' again",
      cause: error,
    },
  );

/** Tells the others that this node leaves. A node without an identity never told anybody anything. */
async function leave(config: Config): Promise<string[]> {
  const identity = await storedIdentity(config.stateDirectory);
  if (!identity) return [];
  const log = createLogger({ ...config.log, level: "fatal" });
  const { stateDirectory, cluster } = config;
  const clock = Date.now;
  const ledger = await LedgerFile.open({ stateDirectory, cluster, nodeId: identity.nodeId, log, clock });
  const number = await NumberFile.open(stateDirectory, log);
  const self = await describeSelf(config, identity);
  const registries = openRegistries({ config, nodeId: identity.nodeId, log, clock });
  const membership = new Membership({
    config,
    identity,
    self,
    number,
    ledger,
    evictions: await evictionsOf(config, identity, log, false),
    secretChange: await secretChangeOf(config, log),
    isKept: false,
    log,
    clock,
  });
  try {
    await portMapperOf(config, { identity, run, log })?.withdraw();
    return await membership.leave(registries, await lookAtDevice({ run, log }, config, undefined));
  } finally {
    await registries.stop();
    await membership.erase();
    await membership.close();
  }
}
