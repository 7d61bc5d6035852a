import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { hasSaved } from "../barrier/effects/index.ts";
import { loadConfig } from "../config/effects/index.ts";
import { firstHardwareAddress, previewIdentity } from "../identity/effects/index.ts";
import { decide, emptyMemory, ownSide, planMesh, planNoMesh, planText } from "../mesh/index.ts";
import { NumberFile } from "../self/effects/index.ts";
import { withPodNetworks } from "../self/index.ts";
import { createLogger, daemonGroup, run } from "../system/index.ts";
import { chooseImplementation } from "../wireguard/index.ts";
import { ledgerOf } from "./compose.ts";
import { evictionsOf } from "./evictions.ts";
import { exitsOfLastRun } from "./load-barrier.ts";
import { Membership } from "./membership.ts";
import { observeKernel } from "./observe.ts";
import { ownPodsOf } from "./own-pods.ts";
import { openRegistries, type Registries } from "./registries.ts";
import { RegistryWays } from "./registry-ways.ts";
import { secretChangeOf } from "./secret-change.ts";
import { describeSelf } from "./self.ts";

/** The milliseconds that the registries have to answer. */
const patienceMs = 10_000;

/**
 * Describes what `kubespan run` would do now. Nothing is changed, neither on the machine nor in the state directory,
 * and the registries are only read. Diagnostics go to the log.
 */
export async function dryRun(file: string): Promise<string> {
  const { config: given, warnings } = await loadConfig(file);
  const log = createLogger(given.log);
  for (const warning of warnings) log.warn(warning);
  const identity = await previewIdentity({
    stateDirectory: given.stateDirectory,
    hardwareAddress: () => firstHardwareAddress(run, randomBytes),
    random: randomBytes,
    warn: (text) => log.warn(text),
  });
  if (!given.enabled)
    return planText(
      planNoMesh(given, await observeKernel(run, given), await hasSaved(given.stateDirectory)).steps,
    );
  const { stateDirectory } = given;
  const { nodeId } = identity;
  const clock = Date.now;
  const ledger = await ledgerOf(given, identity, log);
  const registries = openRegistries({
    config: given,
    nodeId,
    log,
    clock,
    remembered: ledger.found?.podNetworks,
  });
  try {
    if (!(await listen(registries))) log.warn("not every registry answered in time: the plan may lack peers");
    const self = await describeSelf(given, identity);
    const ownPods = await ownPodsOf(given, run, log);
    const config = withPodNetworks(given, ownPods.orTold(given, registries.podNetworks()));
    const kernel = await observeKernel(run, config);
    const number = await NumberFile.open(stateDirectory, log);
    const evictions = await evictionsOf(config, identity, log, false);
    const members = new Membership({
      config,
      identity,
      self,
      number,
      ledger,
      evictions,
      secretChange: await secretChangeOf(config, log),
      isKept: false,
      log,
      clock,
    });
    members.step(registries, kernel.wireguard.device, emptyMemory.peers);
    const saved = await exitsOfLastRun(config);
    const ways = new RegistryWays({ log, clock, group: daemonGroup(), saved });
    const knowledge = {
      self,
      config,
      claims: members.claims(),
      ownerless: members.unowned.now,
      standings: members.standings(),
      registries: registries.states(),
      ...ownSide(kernel),
      ways: ways.look(config, registries, () => undefined),
      canRace: config.connect !== "serial",
      mapping: undefined,
      origin: { machine: "", startedAt: 0 },
      lastNumber: 0,
      lastRanAt: 0,
    };
    const decision = decide(knowledge, kernel.wireguard.device, emptyMemory, Date.now());
    const implementation = chooseImplementation(config.wireguard, config.interfaceName, kernel.wireguard);
    const keys = { privateKey: identity.privateKey, implementation };
    const plan = planMesh({ config, self }, keys, decision, kernel, registries.isSettled());
    return planText([...plan.steps, ...plan.second]);
  } finally {
    await registries.stop();
  }
}

async function listen(registries: Registries): Promise<boolean> {
  const settled = new Promise<boolean>((resolve) => {
    registries.start(() => registries.isSettled() && resolve(true));
  });
  const deadline = new AbortController();
  const late = delay(patienceMs, false, { signal: deadline.signal }).catch(() => false);
  const result = await Promise.race([settled, late]);
  deadline.abort();
  return result;
}
