import type { Logger } from "pino";
import { errorText } from "../base/index.ts";
import type { Config } from "../config/index.ts";
import type { Identity } from "../identity/index.ts";
import { LedgerFile } from "../members/effects/index.ts";
import { LastWorkingFile } from "../peers/effects/index.ts";
import { PortMapper } from "../port-mapping/effects/index.ts";
import { HostNameWatch, NumberFile } from "../self/effects/index.ts";
import type { Origin } from "../self/index.ts";
import { type RecentLines, stopOptimizing } from "../system/index.ts";
import { evictionsOf } from "./evictions.ts";
import { loadBarrier, targetsOfLastRun } from "./load-barrier.ts";
import { Membership, type Remembered } from "./membership.ts";
import { Mesh } from "./mesh.ts";
import { type OwnPods, ownPodsOf } from "./own-pods.ts";
import { openRegistries, type Registries } from "./registries.ts";
import { type RegistryWays, waysOfDaemon } from "./registry-ways.ts";
import { Repairs } from "./repairs.ts";
import { SecondBarrier } from "./second-barrier.ts";
import { type SecretChange, secretChangeOf } from "./secret-change.ts";
import { describeSelf, ownIdentity } from "./self.ts";
import type { Tools } from "./tools.ts";

export async function ledgerOf(
  config: Config,
  { nodeId }: Pick<Identity, "nodeId">,
  log: Logger,
): Promise<LedgerFile> {
  const { stateDirectory, cluster } = config;
  const steeredBefore = () => targetsOfLastRun(config);
  const ledger = await LedgerFile.open({
    stateDirectory,
    cluster,
    nodeId,
    log,
    clock: Date.now,
    steeredBefore,
  });
  if (ledger.found)
    log.info({ nodes: ledger.found.members.size, file: ledger.file }, "nodes known from the last run");
  return ledger;
}

export const registriesOf = (
  config: Config,
  { identity, origin, log }: Parts,
  { found }: LedgerFile,
): Registries => {
  const { nodeId } = identity;
  return openRegistries({ config, nodeId, origin, log, clock: Date.now, remembered: found?.podNetworks });
};

/** The parts of the daemon that stay the same whatever the configuration. */
export interface Parts extends Tools {
  readonly identity: Identity;
  readonly origin: Origin;
  readonly ownPods: OwnPods;
  readonly repairs: Repairs;
  readonly barrier: SecondBarrier;
  readonly ways: RegistryWays;
  readonly secretChange: SecretChange;
  readonly log: Logger;
  /** The last lines of the log. */
  readonly lines: RecentLines;
}

/** Opens the parts that depend on this node alone. */
export async function partsOf(config: Config, hands: Tools & Pick<Parts, "log" | "lines">): Promise<Parts> {
  const { run, log, owner } = hands;
  stopOptimizing(); // all of the program is loaded
  // The barrier comes before anything else: the networks that were steered last are closed before it is known who is
  // there.
  await loadBarrier(config, { run, log, ownership: owner.ownership }).catch((error: unknown) =>
    log.warn(errorText(error)),
  );
  const [ways, { identity, machine }, ownPods] = await Promise.all([
    waysOfDaemon(config, log),
    ownIdentity(config, run, log),
    ownPodsOf(config, run, log),
  ]);
  const origin = { machine, startedAt: Date.now() };
  const [repairs, barrier] = [new Repairs(log), new SecondBarrier(log)];
  const secretChange = await secretChangeOf(config, log);
  return { ...hands, secretChange, identity, origin, ways, ownPods, repairs, barrier };
}

export async function meshOf(
  config: Config,
  registries: Registries,
  ledger: LedgerFile,
  parts: Parts,
  before: Remembered & { readonly memory?: Mesh["memory"] | undefined } = {},
): Promise<Mesh> {
  const { identity, log, secretChange } = parts;
  const clock = Date.now;
  const self = await describeSelf(config, identity);
  const lastWorking = await LastWorkingFile.open(config.stateDirectory, log, clock);
  const number = await NumberFile.open(config.stateDirectory, log);
  const evictions = await evictionsOf(config, identity, log);
  const membership = new Membership(
    {
      config,
      identity,
      self,
      number,
      ledger,
      evictions,
      secretChange,
      isKept: true,
      log,
      clock,
      ticks: () => performance.now(),
    },
    before,
  );
  const hostNames = new HostNameWatch({ names: config.extraAnnouncedNames, log });
  const portMapper = portMapperOf(config, parts);
  return new Mesh(
    {
      ...parts,
      config,
      self,
      registries,
      membership,
      number,
      lastWorking,
      clock,
      hostNames,
      ...(portMapper && { portMapper }),
    },
    before.memory,
  );
}

/** The part that has the router open a port; `undefined` where the configuration asks for none. */
export function portMapperOf(
  config: Config,
  { identity, run, log }: Pick<Parts, "identity" | "run" | "log">,
): PortMapper | undefined {
  const { interfaceName, listenPort, portMapping } = config;
  if (!portMapping) return undefined;
  const { privateKey } = identity;
  return new PortMapper({ interfaceName, listenPort, privateKey, run, log, clock: Date.now });
}
