import type { Logger } from "pino";
import { observeBarrier } from "../barrier/effects/index.ts";
import { errorText } from "../base/index.ts";
import type { Config } from "../config/index.ts";
import { type Kernel, mtuOf } from "../mesh/index.ts";
import { observeTable } from "../nftables/effects/index.ts";
import type { OtherMesh } from "../nftables/index.ts";
import { observeRacingTable } from "../port/effects/index.ts";
import {
  observeHostLinks,
  observeRouting,
  observeSysctls,
  readSavedSysctls,
  withMainTable,
} from "../routing/effects/index.ts";
import { type Link, otherMeshLinks, ownAddresses } from "../routing/index.ts";
import type { ReadSetting, Runner } from "../system/index.ts";
import { observeDevice, observePort, observeWireGuard } from "../wireguard/effects/index.ts";
import { type Implementation, type ObservedDevice, withDevice } from "../wireguard/index.ts";
import type { SecondBarrier } from "./second-barrier.ts";

/**
 * Reads all of the kernel on which the mesh depends, its parts at the same time. `before` is the device as it was last
 * seen.
 */
export async function observeKernel(
  run: Runner,
  config: Config,
  before?: ObservedDevice,
  read?: ReadSetting,
): Promise<Kernel> {
  const { interfaceName, advertisedPrefixes, routing, marks } = config;
  const links = await observeHostLinks(run, interfaceName);
  const link = links.find(({ name }) => name === interfaceName);
  const seen = link && { mtu: link.mtu, isUp: link.up, ...(link.kind !== undefined && { kind: link.kind }) };
  const [wireguard, observedRouting, table, sysctls, savedSysctls, racingTable, barrier, otherMeshes] =
    await Promise.all([
      observeWireGuard(run, interfaceName, seen, before),
      observeRouting(run, { interfaceName, marks, ...routing }, links, read),
      observeTable(run, interfaceName),
      observeSysctls(interfaceName, links, read),
      readSavedSysctls(config.stateDirectory),
      observeRacingTable(run, interfaceName),
      observeBarrier(run, config, links),
      observeOtherMeshes(run, otherMeshLinks(links, interfaceName)),
    ]);
  return {
    links,
    addresses: ownAddresses(links, { interfaceName, advertisedPrefixes }),
    wireguard,
    routing: observedRouting,
    table,
    sysctls,
    savedSysctls,
    racingTable,
    barrier,
    otherMeshes,
  };
}

async function observeOtherMeshes(run: Runner, links: readonly Link[]): Promise<OtherMesh[]> {
  const found = await Promise.all(
    links.map(async ({ name }) => ({ interfaceName: name, ...(await observePort(run, name)) })),
  );
  return found.flatMap(({ interfaceName, mark, listenPort }) =>
    mark === undefined || listenPort === undefined ? [] : [{ interfaceName, mark, listenPort }],
  );
}

/** Reads the device and its peers; `undefined` when the device went away. Then everything has to be looked at. */
export async function lookAtDevice(
  { run, log }: { readonly run: Runner; readonly log: Logger },
  { interfaceName }: Config,
  before: ObservedDevice | undefined,
): Promise<ObservedDevice | undefined> {
  try {
    return await observeDevice(run, interfaceName, before);
  } catch (error) {
    log.warn(errorText(error));
    return undefined;
  }
}

/** The milliseconds after which everything is looked at again once the link was made: what waits for nothing goes first. */
export const lookAgainMs = 2_000;

/** The kernel after a plan that made the link, as far as it is known without another look. */
export function withMadeLink(config: Config, kernel: Kernel, implementation: Implementation): Kernel {
  const kind = implementation === "kernel" ? "wireguard" : "tun";
  return {
    ...kernel,
    wireguard: { link: { mtu: mtuOf(config, kernel), isUp: true, kind }, device: undefined },
  };
}

/** Reads what depends on the registries, and takes the rest from before; `undefined` if that cannot be relied on. */
export async function observeChanging(
  hands: { readonly run: Runner; readonly log: Logger; readonly barrier?: Pick<SecondBarrier, "held"> },
  config: Config,
  before: { readonly kernel: Kernel; readonly device: ObservedDevice | undefined },
): Promise<Kernel | undefined> {
  const { kernel } = before;
  const [device, table, barrier, routing] = await Promise.all([
    lookAtDevice(hands, config, before.device),
    observeTable(hands.run, config.interfaceName),
    hands.barrier?.held ?? observeBarrier(hands.run, config, kernel.links),
    config.podNetworks.mainTable ? withMainTable(hands.run, kernel.routing) : kernel.routing,
  ]);
  const wireguard = device && withDevice(kernel.wireguard, device);
  return wireguard && { ...kernel, wireguard, table, barrier, routing };
}
