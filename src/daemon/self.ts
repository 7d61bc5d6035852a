import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { Logger } from "pino";
import type { Config } from "../config/index.ts";
import {
  firstHardwareAddress,
  guardIdentity,
  keepMachine,
  loadIdentity,
  readMachine,
} from "../identity/effects/index.ts";
import { clusterPrefix, type Identity, kubespanAddress, machineTag } from "../identity/index.ts";
import type { Self } from "../self/index.ts";
import { type Runner, readOsRelease } from "../system/index.ts";

/** The identity of this node. It is made at the first start, and anew on a machine that has a copy of another machine's. */
export async function ownIdentity(
  { stateDirectory }: Config,
  run: Runner,
  log: Logger,
): Promise<{ readonly identity: Identity; readonly machine: string }> {
  const warn = (text: string): void => log.warn(text);
  const machine = await readMachine(run);
  const kept = await guardIdentity(stateDirectory, machine, warn);
  const identity = await loadIdentity({
    stateDirectory,
    hardwareAddress: () => firstHardwareAddress(run, randomBytes),
    random: randomBytes,
    warn,
  });
  await keepMachine(stateDirectory, kept, warn);
  return { identity, machine: machineTag(machine) };
}

/** Describes this node in this cluster. */
export async function describeSelf(config: Config, identity: Identity): Promise<Self> {
  const { givenUp } = identity;
  return {
    nodeId: identity.nodeId,
    publicKey: identity.publicKey,
    address: kubespanAddress(config.cluster.id, identity.hardwareAddress),
    ...(givenUp !== undefined && { givenUp: kubespanAddress(config.cluster.id, givenUp) }),
    clusterPrefix: clusterPrefix(config.cluster.id),
    hostname: hostname(),
    operatingSystem: (await readOsRelease()).name ?? "Linux",
  };
}
