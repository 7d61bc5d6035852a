import type { Logger } from "pino";
import { observeBarrier, readSaved } from "../barrier/effects/index.ts";
import { planSecondBarrier, type SavedBarrier } from "../barrier/index.ts";
import { errorText, type Step } from "../base/index.ts";
import { type LoadedConfig, loadConfig } from "../config/effects/index.ts";
import type { Config } from "../config/index.ts";
import { servedHere, tableWith } from "../mesh/index.ts";
import { isHostPrefix, type Prefix, prefixFamily } from "../net/index.ts";
import { observeTable } from "../nftables/effects/index.ts";
import { type Exit, type Networks, type Ownership, planTable, type Steered } from "../nftables/index.ts";
import { observeLinks, observeRouting } from "../routing/effects/index.ts";
import { type ObservedRouting, planMainRefusals, planRefusal } from "../routing/index.ts";
import { createLogger, daemonGroup, type ReadSetting, type Runner, run as runTool } from "../system/index.ts";
import { applySteps } from "./apply.ts";
import { configOfLastRun } from "./last-names.ts";

/**
 * The networks of a table from the time before the first pass. No peer is connected yet, so nothing is dropped when it
 * arrives. A target that is no single address is taken for a pod network, so that nothing from there is answered
 * outside.
 */
const unjudged = (targets: readonly Prefix[]): Networks => ({
  targets,
  tolerated: targets,
  pods: targets.filter((prefix) => !isHostPrefix(prefix)),
  own: [],
  ownPods: [],
});

const unjudgedTable = (config: Config, { targets, exits }: SavedBarrier): Steered => ({
  ...unjudged(targets),
  exits: {
    registries: savedExits(config, exits),
    served: servedHere(config, [], []),
    group: daemonGroup(),
  },
});

const savedExits = ({ registriesOutside }: Config, exits: readonly Exit[]): readonly Exit[] =>
  registriesOutside === "off" ? [] : exits;

/** The registries to which connections left outside the mesh in the last run; none if that cannot be read. */
export async function exitsOfLastRun(config: Config): Promise<readonly Exit[]> {
  const saved = await readSaved(config.stateDirectory).catch(() => undefined); // loading the barrier says what is wrong
  return saved?.exits ?? [];
}

/**
 * The networks that this node steered in the last run; none where that cannot be read, or where what goes to members that
 * are down may leave in clear.
 */
export async function targetsOfLastRun(config: Config): Promise<readonly Prefix[]> {
  if (config.allowDownPeerBypass) return [];
  const saved = await readSaved(config.stateDirectory).catch(() => undefined); // loading the barrier says what is wrong
  return saved?.targets ?? [];
}

/** The steps to the refusals in the main table that this node had, for programs that look there past rules and marks. */
const mainRefusals = (
  { refused }: SavedBarrier,
  { scope, ipv6, ipv4Routing, ipv6Routing }: ObservedRouting,
): Step[] =>
  planMainRefusals(
    refused.filter((network) => ipv6 || prefixFamily(network) === 4),
    [...ipv4Routing.mainRoutes, ...ipv6Routing.mainRoutes],
    scope,
  );

interface Hands {
  readonly run: Runner;
  readonly log: Logger;
  readonly read?: ReadSetting;
  readonly ownership?: Ownership;
}

/**
 * Closes the node for the networks that it steered last, before anything else: first by the table, then by the routing
 * that refuses at once, then by the second barrier. A table that is there already is newer, and stays. Gives the texts
 * of the steps that were done.
 */
export async function loadBarrier(config: Config, { run, log, read, ownership }: Hands): Promise<string[]> {
  if (!config.enabled || config.allowDownPeerBypass) return [];
  const saved = await readSaved(config.stateDirectory, (text) => log.warn(text));
  if (!saved || saved.targets.length === 0) return [];
  const { interfaceName, marks, listenPort } = config;
  const done: string[] = [];
  const carryOut = async (steps: readonly Step[]): Promise<void> => {
    await applySteps(run, log, steps);
    done.push(...steps.map(({ text }) => text));
  };
  const table = await observeTable(run, interfaceName);
  const wanted = tableWith(config, saved.mtu, unjudgedTable(config, saved));
  if (table.kind === "absent") await carryOut(planTable(wanted, table, { ...(ownership && { ownership }) }));
  const links = await observeLinks(run);
  const scope = { interfaceName, marks, ...config.routing };
  const routing = await observeRouting(run, scope, links, read);
  await carryOut(planRefusal(routing));
  if (config.podNetworks.mainTable) await carryOut(mainRefusals(saved, routing));
  const desired = { targets: saved.targets, interfaceName, marks, listenPort, links };
  await carryOut(planSecondBarrier(desired, await observeBarrier(run, config, links)));
  return done;
}

/**
 * Reads a configuration. Where that fails, `problem` says why, and what closes the node as it was last stands in for it:
 * somebody may have rebooted it with a mistake in the file.
 */
export async function configOrLast(file: string): Promise<LoadedConfig & { readonly problem?: unknown }> {
  try {
    return await loadConfig(file);
  } catch (problem) {
    return { config: await configOfLastRun(file), warnings: [], problem };
  }
}

/**
 * Reads a configuration. Where that fails, no daemon will run, and the node is closed for the networks that it steered
 * last before the error is thrown.
 */
export async function configOrClosed(file: string): Promise<LoadedConfig> {
  const { config, warnings, problem } = await configOrLast(file);
  if (problem === undefined) return { config, warnings };
  const log = createLogger({ ...config.log, level: "warn" });
  const done = await loadBarrier(config, { run: runTool, log }).catch((error: unknown) => {
    log.warn(`the barrier was not loaded: ${errorText(error)}`);
    return [];
  });
  if (done.length > 0)
    log.warn("what is sent to members is refused until a daemon runs, or until 'kubespan down'");
  throw problem;
}
