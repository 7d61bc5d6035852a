import type { Logger } from "pino";
import { observeBarrier, readSaved } from "../barrier/effects/index.ts";
import { planSecondBarrier, type SavedBarrier } from "../barrier/index.ts";
import type { Step } from "../base/index.ts";
import type { Config } from "../config/index.ts";
import { servedHere, tableWith } from "../mesh/index.ts";
import { isHostPrefix, type Prefix, prefixFamily } from "../net/index.ts";
import { observeTable } from "../nftables/effects/index.ts";
import { type Exit, type Networks, type Ownership, planTable, type Steered } from "../nftables/index.ts";
import { observeLinks, observeRouting } from "../routing/effects/index.ts";
import { type ObservedRouting, planMainRefusals, planRefusal } from "../routing/index.ts";
import { daemonGroup, type ReadSetting, type Runner } from "../system/index.ts";
import { applySteps } from "./apply.ts";

export { configOfLastRun } from "./last-names.ts";

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
  const saved = await readSaved(config.stateDirectory);
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
