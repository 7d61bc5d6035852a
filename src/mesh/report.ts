import type { NodeStatus, PeerReport, RacingReport, Status, Work } from "../api/index.ts";
import { causesOf } from "../causes/index.ts";
import type { Affiliate } from "../discovery/index.ts";
import { aheadWarnings, podLinkWarnings, type Warning } from "../marks/index.ts";
import {
  absenceOf,
  type ClockFacts,
  clockWarnings,
  type Members,
  ownerlessWarnings,
  type Stepped,
  secretWarnings,
  vanishedWarnings,
} from "../members/index.ts";
import type { Counted, Networks } from "../nftables/index.ts";
import {
  bytesOf,
  type PeerSpec,
  stateOf,
  troubleText,
  unsettledBetween,
  withStandIns,
} from "../peers/index.ts";
import type { PortMappingReport } from "../port-mapping/index.ts";
import type { RelayReport } from "../relay/index.ts";
import type { Rollout } from "../secret-change/index.ts";
import { sharedEndpointWarnings } from "../self/index.ts";
import {
  type Engine,
  engineText,
  type Implementation,
  isSlowEngine,
  type ObservedDevice,
} from "../wireguard/index.ts";
import { capturedWarnings } from "./captured.ts";
import type { Decision } from "./decide.ts";
import { evidenceOf, type Scene, sceneOf } from "./evidence.ts";
import type { Kernel } from "./kernel.ts";
import type { Knowledge } from "./knowledge.ts";
import { observersOf } from "./observers.ts";
import { pathMtuOf } from "./paths.ts";
import { mtuOf } from "./plan.ts";
import { cutOffWarnings, reachWarnings } from "./reach.ts";
import { sourceWarnings } from "./sources.ts";
import { reportChange, reportWay } from "./way.ts";

/** Facts about the running daemon on which no decision depends. */
export interface Process {
  readonly pid: number;
  /** The time at which the daemon started, in milliseconds since 1970. */
  readonly startedAt: number;
  readonly work: Work;
}

/** The findings and the decision of a complete pass. */
interface PassSeen {
  readonly decision: Decision;
  readonly device: ObservedDevice | undefined;
  readonly implementation: Implementation;
  readonly kernel: Pick<Kernel, "links" | "addresses" | "routing">;
  readonly steered: Networks;
}

/** The parts of the status that are not in the `Knowledge` of a pass. */
export interface StatusView {
  /** The last complete pass; `undefined` where the mesh is disabled, or did not start. */
  readonly last: PassSeen | undefined;
  readonly counted: Counted;
  /** The program that carries the packets; `undefined` where there is no device. */
  readonly engine: Engine | undefined;
  readonly process: Process;
  readonly error: string | undefined;
  readonly racing: RacingReport;
  readonly portMapping: PortMappingReport;
  readonly relay: RelayReport;
  /** The warnings about settings of the host that could not be set. */
  readonly settings: readonly Warning[];
  readonly repairs: Status["repairs"];
  readonly protection: NodeStatus["protection"];
  readonly membership: {
    readonly members: Members;
    readonly refused: Stepped["refused"];
    readonly clockFacts: ClockFacts;
    /** Absent where operators evict nobody. */
    readonly evictions?: { readonly isOut: boolean };
    /** Absent where nothing leads a change of the cluster secret. */
    readonly secretChange?: { readonly rollout: Rollout | undefined };
  };
}

const evictedWarning: Warning = {
  who: "this node",
  what: "was evicted by an operator, so the other nodes have no tunnel with it; an operator can lift that: kubespan evict --lift",
};

const nothingSeen: Pick<Kernel, "links" | "addresses"> = {
  links: [],
  addresses: { usable: [], leftOut: [] },
};

/** The status that an operator sees. It has no peers before the first complete pass. */
export function reportStatus(knowledge: Knowledge, view: StatusView, now: number): Status {
  const { last, error } = view;
  const decision = last?.decision;
  const { links, addresses } = last?.kernel ?? nothingSeen;
  const scene = decision && sceneOf(knowledge, decision, view.membership, now);
  return {
    work: view.process.work,
    node: { ...reportNode(knowledge, view), observers: observersOf(knowledge, now) },
    registries: knowledge.registries,
    peers: (decision?.specs.peers ?? []).map((spec) =>
      reportPeer(spec, view, { scene, linkMtu: mtuOf(knowledge.config, { links, addresses }) }, now),
    ),
    refusedAffiliates: [...(decision?.specs.refused ?? []), ...view.membership.refused],
    warnings: [
      ...view.settings,
      ...(view.membership.evictions?.isOut ? [evictedWarning] : []),
      ...clockWarnings(view.membership.clockFacts, now),
      ...secretWarnings(knowledge.config.cluster, view.membership.members, {
        rollout: view.membership.secretChange?.rollout,
        now,
      }),
      ...vanishedWarnings(view.membership.members, now),
      ...(knowledge.ownerless ? ownerlessWarnings(knowledge.ownerless, now) : []),
      ...(decision ? unsettledWarnings(decision, now) : []),
      ...podLinkWarnings(links, mtuOf(knowledge.config, { links, addresses })),
      ...(decision?.warnings ?? []),
      ...(decision?.specs.warnings ?? []),
      ...(decision ? capturedBy(knowledge, decision, last?.device) : []),
      ...reachWarnings(knowledge.registries, decision?.specs.peers ?? []),
      ...(decision ? cutOff(knowledge, decision) : []),
      ...(last ? aheadWarnings(last.kernel.routing) : []),
      ...(last ? sourceWarnings(knowledge.config, last.kernel, last.steered) : []),
      ...(decision ? sharedEndpointWarnings(decision.announcement.own, decision.specs.peers) : []),
    ],
    repairs: view.repairs,
    ...view.counted,
    ...(error !== undefined && { error }),
  };
}

const capturedBy = (
  { networks, answered, config }: Knowledge,
  { specs, doubtful }: Decision,
  device: ObservedDevice | undefined,
): Warning[] => capturedWarnings(specs.peers, device, { networks, doubtful, answered }, config);

function reportNode({ self, config }: Knowledge, view: StatusView): Omit<NodeStatus, "observers"> {
  const { decision, implementation = "none", kernel = nothingSeen } = view.last ?? {};
  const announced = decision?.announcement.own;
  return {
    nodeId: self.nodeId,
    hostname: self.hostname,
    clusterId: config.cluster.id,
    publicKey: self.publicKey,
    address: self.address,
    enabled: config.enabled,
    interfaceName: config.interfaceName,
    listenPort: config.listenPort,
    implementation,
    ...(view.engine && { engine: { name: engineText(view.engine), isSlow: isSlowEngine(view.engine) } }),
    mtu: mtuOf(config, kernel),
    pid: view.process.pid,
    startedAt: new Date(view.process.startedAt).toISOString(),
    announcedAddresses: (announced?.addresses ?? []).filter((each) => each !== self.address),
    announcedEndpoints: announced?.kubespan?.endpoints ?? [],
    nat: decision?.memory.nat ?? {},
    advertisedPrefixes: announced?.kubespan?.additionalAddresses ?? [],
    racing: view.racing,
    portMapping: view.portMapping,
    relay: view.relay,
    protection: view.protection,
    leftOut: [...kernel.addresses.leftOut, ...(decision?.leftOut ?? [])],
  };
}

function reportPeer(
  spec: PeerSpec,
  { last, membership }: StatusView,
  { scene, linkMtu }: { readonly scene: Scene | undefined; readonly linkMtu: number },
  now: number,
): PeerReport {
  const decision = last?.decision;
  const known = withStandIns(spec, decision?.polled.memory.standIns);
  const observed = last?.device?.peers.get(spec.publicKey);
  const { endpoint } = observed ?? {};
  const member = membership.members.get(spec.nodeId);
  const absence = absenceOf(member, now);
  const connection = decision?.polled.memory.connections.get(spec.publicKey);
  const { changes = 0, lastChange } = connection?.path ?? {};
  const { history } = connection ?? {};
  const { heardAt, handshakeAt = observed?.handshakeAt, asked = 0, answered = 0 } = history ?? {};
  const state = stateOf(connection);
  const isLost = history !== undefined && state === "down";
  const evidence = scene && evidenceOf(scene, spec, membership.members, now);
  const { received, sent } = history ? bytesOf(history) : { received: 0, sent: 0 };
  const age = (since: number): number => Math.max(0, Math.round((now - since) / 1000));
  return {
    nodeId: spec.nodeId,
    label: spec.label,
    publicKey: spec.publicKey,
    address: spec.address,
    ...(member && { machine: reportMachine(member.claim) }),
    state,
    stateSeconds: age(history?.since ?? now),
    ...(isLost && { trouble: troubleText(history, spec) }),
    ...(evidence && { causes: causesOf(evidence) }),
    ...(heardAt !== undefined && { heardAgeSeconds: age(heardAt) }),
    asked,
    answered,
    ...(connection?.phase === "doubted" && { suspected: true as const }),
    ...(absence && { absent: absence }),
    ...(endpoint !== undefined && { endpoint, way: reportWay(known, endpoint, connection?.path, now) }),
    ...(decision && pathMtuOf(decision, spec, linkMtu, now)),
    endpointChanges: changes,
    ...(lastChange && { lastEndpointChange: reportChange(lastChange, now) }),
    candidates: known.candidates.map(({ endpoint: at, kind, reason }) => ({ endpoint: at, kind, reason })),
    roundTrips: Object.fromEntries(connection?.roundTrips ?? []),
    refusedCandidates: spec.refusedCandidates,
    allowedIPs: spec.allowedIPs,
    refusedPrefixes: spec.refusedPrefixes,
    ...(handshakeAt !== undefined && { handshakeAgeSeconds: age(handshakeAt) }),
    receivedBytes: received,
    sentBytes: sent,
  };
}

const reportMachine = ({
  hostname,
  machineType,
  operatingSystem,
  apiServerPort,
}: Affiliate): NonNullable<PeerReport["machine"]> => ({
  hostname,
  machineType,
  operatingSystem,
  ...(apiServerPort !== undefined && { apiServerPort }),
});

/**
 * Warns of peers that go back and forth between two endpoints: two machines with one identity take a peer's session
 * from each other again and again.
 */
const unsettledWarnings = ({ specs, polled }: Decision, now: number): Warning[] =>
  specs.peers.flatMap(({ label, publicKey }) => {
    const [one, other] = unsettledBetween(polled.memory.connections.get(publicKey)?.path, now) ?? [];
    return one === undefined
      ? []
      : {
          who: `peer ${label}`,
          what:
            `goes back and forth between ${one} and ${other}: a copy of it may run, with the same identity (then, on the ` +
            "copy: kubespan down --forget-identity), or something on the way changes where it is seen",
        };
  });

/** Warns of registries behind peers that are not up. */
const cutOff = ({ registries, config }: Knowledge, { specs, polled }: Decision): Warning[] => {
  const lost = specs.peers.filter(
    ({ publicKey }) => stateOf(polled.memory.connections.get(publicKey)) !== "up",
  );
  return cutOffWarnings(lost, registries, config.services);
};
