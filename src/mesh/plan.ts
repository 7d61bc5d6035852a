import { planNoSecondBarrier, planSecondBarrier } from "../barrier/index.ts";
import type { Stage, Step } from "../base/index.ts";
import type { Config } from "../config/index.ts";
import type { Prefix } from "../net/index.ts";
import { type DesiredTable, type Ownership, planTable, type Steered } from "../nftables/index.ts";
import type { Polled } from "../peers/index.ts";
import { planNoRacing } from "../port/index.ts";
import { planNoRelay } from "../relay/index.ts";
import {
  type DesiredMainRoutes,
  type DesiredRouting,
  forwardingFor,
  linksBelow,
  type MainTableRoute,
  meshMTU,
  planMainTable,
  planRouting,
  planSysctls,
  refusedIn,
  type SysctlPlan,
} from "../routing/index.ts";
import type { Self } from "../self/index.ts";
import { type ObservedDevice, planNoWireGuard, planPeers, planTunnels } from "../wireguard/index.ts";
import type { Decision } from "./decide.ts";
import { deviceOf, type Keys } from "./desired-device.ts";
import { exitsAmong } from "./exits.ts";
import type { Kernel } from "./kernel.ts";
import { mainRoutesFor } from "./main-table.ts";
import { pathsFor } from "./paths.ts";
import { acceptedFamilies, hasSource, ipv4SourceOf, uplinksOf } from "./sources.ts";
import { steeredNetworks } from "./steered.ts";
import type { Upkeep } from "./upkeep.ts";

export interface Plan {
  /** The steps in the order in which they are carried out. */
  readonly steps: readonly Step[];
  readonly sysctls: SysctlPlan;
  /** The steps to the second barrier, which come after the others. The mesh does without it where they fail. */
  readonly second: readonly Step[];
  /** The steps by the part that they keep up, without the steps for peers. */
  readonly upkeep: readonly Upkeep[];
}

/** A plan for a node with a mesh. */
export interface MeshPlan extends Plan {
  /** The networks that the table steers and judges once the plan is carried out, and the exits. */
  readonly steered: Steered;
  /** The pod networks of peers that the main table refuses while there is no link. */
  readonly refused: readonly Prefix[];
}

/** This node, as far as plans ask, and its standing to the table. */
interface Node {
  readonly config: Config;
  readonly self: Self;
  readonly ownership?: Ownership;
}

const order: readonly Stage[] = ["grow", "swap", "shrink"];

/**
 * Sorts steps: first those that make what traffic will need, then the switch, then those that remove what nothing needs
 * any more.
 */
const inOrder = (steps: readonly Step[]): Step[] =>
  order.flatMap((stage) => steps.filter((step) => step.stage === stage));

/**
 * Plans the way from the kernel as it is to the decision. Until the registries have settled, nothing is taken away: a
 * daemon that has just started does not know yet whether a peer that it finds is gone, or has only not been named so
 * far.
 */
export function planMesh(
  { config, self, ownership }: Node,
  keys: Keys,
  decision: Decision,
  kernel: Kernel,
  isSettled: boolean,
): MeshPlan {
  const { polled } = decision;
  const steered = steeredBy(config, decision, kernel, isSettled);
  const mtu = mtuOf(config, kernel);
  const device = { ...deviceOf(config, keys, polled), mtu };
  const { interfaceName } = config;
  const settings = { interfaceName, forwarding: forwardingFor(config.advertisedPrefixes) };
  const sysctls = planSysctls(settings, kernel.sysctls, kernel.savedSysctls);
  const routing = desiredRouting(config, self, kernel, decision);
  const main = mainTableSteps(config, self, steered, decision, kernel);
  const { listenPort, marks } = config;
  const link: Upkeep = {
    part: "link",
    wanted: { interfaceName, mtu, listenPort, marks },
    steps: planTunnels(device, kernel.wireguard),
  };
  const rest: Upkeep[] = [
    { part: "settings", wanted: settings, steps: sysctls.steps },
    {
      part: "routing",
      wanted: { routing, main: main.wanted },
      steps: [...planRouting(routing, kernel.routing), ...main.steps],
    },
    tableUpkeep(config, steered, kernel, ownership),
  ];
  const peers = planPeers(device, kernel.wireguard.device);
  const second = secondBarrier(config, steered, kernel);
  const steps = [...link.steps, ...peersIn(peers, isSettled), ...rest.flatMap((part) => part.steps)];
  const refused = refusedIn(main.wanted);
  return { steps: inOrder(steps), sysctls, second, upkeep: [link, ...rest], steered, refused };
}

function steeredBy(config: Config, decision: Decision, kernel: Kernel, isSettled: boolean): Steered {
  const steered = steeredNetworks(config, decision, kernel, isSettled);
  return { ...steered, exits: exitsAmong(decision.exits, steered.targets) };
}

const peersIn = (steps: readonly Step[], isSettled: boolean): readonly Step[] =>
  isSettled ? steps : steps.filter((step) => step.stage !== "shrink");

/** The routes to peers' pod networks in the main table, if the operator wants them there, and the steps to them. */
function mainTableSteps(
  config: Config,
  self: Self,
  steered: Steered,
  decision: Decision,
  kernel: Kernel,
): { readonly wanted: DesiredMainRoutes | undefined; readonly steps: readonly Step[] } {
  const wanted = mainRoutesFor(config, steered, decision, desiredRouting(config, self, kernel, decision));
  return { wanted, steps: planMainTable(wanted, mainRoutesOf(kernel), kernel.routing.scope) };
}

const mainRoutesOf = ({ routing }: Pick<Kernel, "routing">): MainTableRoute[] => [
  ...routing.ipv4Routing.mainRoutes,
  ...routing.ipv6Routing.mainRoutes,
];

function tableUpkeep(
  config: Config,
  steered: Steered,
  kernel: Kernel,
  ownership: Ownership = "impossible",
): Upkeep {
  const desired = desiredTable(config, kernel, steered);
  return { part: "table", wanted: desired, steps: planTable(desired, kernel.table, { ownership }) };
}

/** The steps to a second barrier for the same networks. There is none where the operator lets traffic to lost peers out. */
function secondBarrier(config: Config, { targets }: Steered, kernel: Kernel): Step[] {
  const { marks, listenPort, interfaceName } = config;
  const desired = { targets, marks, listenPort, interfaceName, links: kernel.links };
  return planSecondBarrier(config.allowDownPeerBypass ? undefined : desired, kernel.barrier, interfaceName);
}

/**
 * The routing that is wanted, whatever the table and the routes are now. `below` describes the links. The source is one
 * of the addresses that others were told of, as they accept packets from no other.
 */
export function desiredRouting(
  config: Config,
  self: Self,
  below: Below & Pick<Kernel, "routing">,
  decision: Pick<Decision, "announcement" | "specs" | "pathMtus">,
): DesiredRouting {
  const { addresses } = decision.announcement.own;
  const mtu = mtuOf(config, below);
  return {
    address: self.address,
    ipv4Source: ipv4SourceOf(config, below.links, addresses),
    carriesIPv4: hasSource(4, config, addresses),
    mtu,
    paths: pathsFor(decision, below.routing, mtu),
    isClosed: !config.allowDownPeerBypass,
  };
}

/** The table that steers these networks. */
export const desiredTable = (
  config: Config,
  kernel: Below & Pick<Kernel, "otherMeshes">,
  steered: Steered,
): DesiredTable =>
  tableWith(config, mtuOf(config, kernel), steered, {
    acceptedFamilies: acceptedFamilies(config, kernel, steered.own),
    uplinks: uplinksOf(config, kernel),
    otherMeshes: kernel.otherMeshes,
  });

/** The parts of the table that the kernel tells, where it was looked at. */
type Seen = Pick<DesiredTable, "acceptedFamilies" | "uplinks" | "otherMeshes">;
const unseen: Seen = { acceptedFamilies: undefined, uplinks: [], otherMeshes: [] };

/** The table where only the MTU of the mesh's link is known of all links, in bytes. */
export const tableWith = (config: Config, mtu: number, steered: Steered, seen = unseen): DesiredTable => ({
  marks: config.marks,
  interfaceName: config.interfaceName,
  mtu,
  listenPort: config.listenPort,
  isClosed: !config.allowDownPeerBypass,
  answerOutside: config.answerOutside,
  strictIngress: config.strictIngress,
  registryPorts: registryPorts(config, steered.exits),
  ...seen,
  ...steered,
});

/**
 * The TCP ports at which this node may serve a registry: those of the discovery services that it uses itself, as it may
 * run one of them, and that of the API server.
 */
const registryPorts = ({ services, node }: Config, { served }: Steered["exits"]): number[] => [
  ...services.map(({ port }) => port),
  ...(node.apiServerPort === undefined ? [] : [node.apiServerPort]),
  ...served.map(({ port }) => port),
];

/** Plans what follows from the registries alone. Of `kernel`, only the device and the table are fresh. */
export function planRegistries(
  { config, self, ownership }: Node,
  keys: Keys,
  decision: Decision,
  kernel: Kernel,
  isSettled: boolean,
): MeshPlan {
  const steered = steeredBy(config, decision, kernel, isSettled);
  const peers = planPeers(deviceOf(config, keys, decision.polled), kernel.wireguard.device);
  const table = tableUpkeep(config, steered, kernel, ownership);
  const main = mainTableSteps(config, self, steered, decision, kernel);
  return {
    steps: inOrder([...peersIn(peers, isSettled), ...main.steps, ...table.steps]),
    sysctls: { steps: [], left: [], saveBefore: undefined, saveAfter: undefined },
    second: secondBarrier(config, steered, kernel),
    upkeep: [table],
    steered,
    refused: refusedIn(main.wanted),
  };
}

/** Plans the changes of peers alone, as they follow from a poll of the handshakes. */
export const planPolled = (config: Config, keys: Keys, polled: Polled, device: ObservedDevice): Step[] =>
  planPeers(deviceOf(config, keys, polled), device).filter((step) => step.stage !== "shrink");

/**
 * Plans to remove the mesh. The table goes last, and in one transaction, after the routes that refuse: until then its last chain refuses packets that
 * no tunnel carries any more, so that a removal that fails half-way has let nothing out.
 */
export function planNoMesh(config: Config, kernel: Kernel, hadBarrier: boolean): Plan {
  const sysctls = planSysctls(undefined, kernel.sysctls, kernel.savedSysctls);
  const [leading, refusing] = [false, true].map((refuses) =>
    mainRoutesOf(kernel).filter((route) => route.refuses === refuses),
  );
  const steps = [
    ...planNoRacing(kernel.racingTable, config.interfaceName),
    ...planMainTable(undefined, leading ?? [], kernel.routing.scope),
    ...planNoRelay(kernel.relayTables ?? []),
    ...planRouting(undefined, kernel.routing),
    ...planNoWireGuard(config.interfaceName, kernel.wireguard),
    ...sysctls.steps,
    ...planNoSecondBarrier(kernel.barrier, config.interfaceName, hadBarrier),
    ...planMainTable(undefined, refusing ?? [], kernel.routing.scope),
    ...planTable(undefined, kernel.table, { interfaceName: config.interfaceName }),
  ];
  return { steps, sysctls, second: [], upkeep: [] };
}

type Below = Pick<Kernel, "links" | "addresses">;

/** The MTU of the mesh's link in bytes. */
export const mtuOf = (config: Config, kernel: Below): number =>
  meshMTU(config.mtu, linksBelow(kernel.links, config.interfaceName), kernel.addresses.usable);
