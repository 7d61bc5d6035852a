import type {
  EndpointChangeReport,
  NodeStatus,
  PeerReport,
  RacingReport,
  Status,
  Work,
} from "../api/index.ts";
import { aheadWarnings, podLinkWarnings, type Warning } from "../marks/index.ts";
import { absenceOf, type Members, type Stepped, vanishedWarnings } from "../members/index.ts";
import { type EndpointChange, type PeerSpec, stateOf, unsettledBetween } from "../peers/index.ts";
import type { Link } from "../routing/index.ts";
import { sharedEndpointWarnings } from "../self/index.ts";
import type { Implementation, ObservedDevice } from "../wireguard/index.ts";
import type { Decision, Knowledge } from "./decide.ts";
import { type Kernel, mtuOf } from "./plan.ts";
import { reachWarnings } from "./reach.ts";

/** Facts about the running daemon that no decision needs. */
export interface Process {
  readonly pid: number;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly work: Work;
}

/** What an operator sees of a pass. Without a decision (the mesh is disabled or did not start) there are no peers. */
export function reportStatus(
  knowledge: Knowledge,
  view: {
    readonly decision: Decision | undefined;
    readonly device: ObservedDevice | undefined;
    readonly implementation: Implementation | undefined;
    /** Empty before the first pass. */
    readonly links: readonly Link[];
    readonly dropped: Status["dropped"];
    readonly addresses: Kernel["addresses"];
    /** `undefined` before the first pass. */
    readonly routing: Kernel["routing"] | undefined;
    readonly process: Process;
    readonly error: string | undefined;
    readonly racing: RacingReport;
    readonly repairs: Status["repairs"];
    readonly membership: { readonly members: Members; readonly refused: Stepped["refused"] };
  },
  now: number,
): Status {
  const { decision, error } = view;
  return {
    work: view.process.work,
    node: reportNode(knowledge, view),
    registries: knowledge.registries,
    peers: (decision?.specs.peers ?? []).map((spec) => reportPeer(spec, view, now)),
    refusedAffiliates: [...(decision?.specs.refused ?? []), ...view.membership.refused],
    warnings: [
      ...vanishedWarnings(view.membership.members, now),
      ...(decision ? unsettledWarnings(decision, now) : []),
      ...podLinkWarnings(view.links, mtuOf(knowledge.config, view)),
      ...(decision?.specs.warnings ?? []),
      ...reachWarnings(knowledge.registries, decision?.specs.peers ?? []),
      ...(view.routing ? aheadWarnings(view.routing) : []),
      ...(decision ? sharedEndpointWarnings(decision.announcement.own, decision.specs.peers) : []),
    ],
    repairs: view.repairs,
    dropped: view.dropped,
    ...(error !== undefined && { error }),
  };
}

function reportNode({ self, config }: Knowledge, view: Parameters<typeof reportStatus>[1]): NodeStatus {
  const announced = view.decision?.announcement.own;
  return {
    nodeId: self.nodeId,
    hostname: self.hostname,
    publicKey: self.publicKey,
    address: self.address,
    enabled: config.enabled,
    interfaceName: config.interfaceName,
    listenPort: config.listenPort,
    implementation: view.implementation ?? "none",
    mtu: mtuOf(config, view),
    pid: view.process.pid,
    startedAt: new Date(view.process.startedAt).toISOString(),
    announcedAddresses: announced?.addresses ?? [],
    announcedEndpoints: announced?.kubespan?.endpoints ?? [],
    advertisedPrefixes: announced?.kubespan?.additionalAddresses ?? [],
    racing: view.racing,
    leftOut: [...view.addresses.leftOut, ...(view.decision?.leftOut ?? [])],
  };
}

function reportPeer(
  spec: PeerSpec,
  { decision, device, membership }: Parameters<typeof reportStatus>[1],
  now: number,
): PeerReport {
  const observed = device?.peers.get(spec.publicKey);
  const { endpoint, handshakeAt } = observed ?? {};
  const absence = absenceOf(membership.members.get(spec.nodeId), now);
  const connection = decision?.polled.memory.connections.get(spec.publicKey);
  const { changes = 0, lastChange } = connection?.path ?? {};
  return {
    nodeId: spec.nodeId,
    label: spec.label,
    publicKey: spec.publicKey,
    address: spec.address,
    state: stateOf(connection),
    ...(connection?.phase === "doubted" && { suspected: true as const }),
    ...(absence && { absent: absence }),
    ...(endpoint !== undefined && { endpoint }),
    endpointChanges: changes,
    ...(lastChange && { lastEndpointChange: reportChange(lastChange, now) }),
    candidates: spec.candidates.map(({ endpoint: at, kind, reason }) => ({ endpoint: at, kind, reason })),
    roundTrips: Object.fromEntries(connection?.roundTrips ?? []),
    refusedCandidates: spec.refusedCandidates,
    allowedIPs: spec.allowedIPs,
    refusedPrefixes: spec.refusedPrefixes,
    ...(handshakeAt !== undefined && {
      handshakeAgeSeconds: Math.max(0, Math.round((now - handshakeAt) / 1000)),
    }),
    receivedBytes: observed?.receivedBytes ?? 0,
    sentBytes: observed?.sentBytes ?? 0,
  };
}

/** Two machines with one identity take a peer's session from each other again and again. */
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

const reportChange = ({ at, ...change }: EndpointChange, now: number): EndpointChangeReport => ({
  ...change,
  ageSeconds: Math.max(0, Math.round((now - at) / 1000)),
});
