import type { Evidence, NodeEvidence } from "../causes/index.ts";
import { absenceOf, type ClockFacts, isClockBehind, type Members } from "../members/index.ts";
import {
  type Address,
  type Endpoint,
  endpointAddress,
  type Family,
  familyOf,
  isPrivate,
  type Prefix,
  prefixContains,
} from "../net/index.ts";
import { type PeerSpec, stateOf, unsettledBetween } from "../peers/index.ts";
import type { Decision } from "./decide.ts";
import type { Knowledge } from "./knowledge.ts";

/** What the causes of all peers' troubles have in common. Made once for a report, as it looks at all peers. */
export interface Scene {
  readonly node: NodeEvidence;
  readonly decision: Decision;
  /** The announcers of each public endpoint: the labels of peers; `undefined` stands for this node. */
  readonly announcers: ReadonlyMap<Endpoint, readonly (string | undefined)[]>;
  readonly unreadable: ReadonlyMap<string, number>;
  /** The families and the networks in which this node has addresses. */
  readonly families: ReadonlySet<Family>;
  readonly networks: readonly Prefix[];
}

/** What is known of this node's membership. */
interface Facts {
  readonly clockFacts: ClockFacts;
  readonly evictions?: { readonly isOut: boolean };
}

/** The facts about this node from which causes are found; `undefined` where every peer is up, so that none is asked for. */
export function sceneOf(
  knowledge: Pick<Knowledge, "registries" | "mapping" | "config" | "addresses" | "networks" | "unreadable">,
  decision: Decision,
  { clockFacts, evictions }: Facts,
  now: number,
): Scene | undefined {
  const { registries, mapping, config, addresses, networks, unreadable = new Map() } = knowledge;
  const { connections } = decision.polled.memory;
  const peersUp = [...connections.values()].filter((each) => stateOf(each) === "up").length;
  if (peersUp === connections.size) return undefined;
  const silentObservers = new Set(mapping?.problems.map(({ observer }) => observer));
  const observers = mapping?.observations ?? [];
  const isSeen = observers.some(({ observer }) => !silentObservers.has(observer));
  const isAnybodyAsked = observers.length > 0 || silentObservers.size > 0;
  return {
    decision,
    announcers: announcersIn(decision),
    unreadable,
    families: new Set(addresses.map(familyOf)),
    networks,
    node: {
      nat: decision.memory.nat,
      isClockBehind: isClockBehind(clockFacts, now),
      copiesAt: registries.flatMap(({ name, disowned }) => (disowned?.isSilenced ? [name] : [])),
      hearsUdp: peersUp > 0 || isSeen ? true : isAnybodyAsked ? false : undefined,
      isEvicted: evictions?.isOut ?? false,
      isCutOff: registries.every(({ phase }) => phase !== "connected"),
      peersUp,
      listenPort: config.listenPort,
    },
  };
}

function announcersIn({ specs, announcement: { own } }: Decision): Scene["announcers"] {
  const all = new Map<Endpoint, (string | undefined)[]>();
  const add = (endpoint: Endpoint, label: string | undefined): void => {
    if (isPrivate(endpointAddress(endpoint))) return; // two sites may have the same ones
    const known = all.get(endpoint);
    if (known) known.push(label);
    else all.set(endpoint, [label]);
  };
  for (const endpoint of own.kubespan?.endpoints ?? []) add(endpoint, undefined);
  for (const { label, endpoints } of specs.peers) for (const endpoint of endpoints) add(endpoint, label);
  return all;
}

/** What may tell why a peer is not up; `undefined` of one that is up, or of which nothing is known yet. */
export function evidenceOf(
  scene: Scene,
  spec: PeerSpec,
  members: Members,
  now: number,
): Evidence | undefined {
  const { node, decision, announcers } = scene;
  const connection = decision.polled.memory.connections.get(spec.publicKey);
  if (!connection?.history || stateOf(connection) === "up") return undefined;
  const { since, wasUp, asked, answered, heardAt } = connection.history;
  const age = (at: number): number => Math.max(0, Math.round((now - at) / 1000));
  const absence = absenceOf(members.get(spec.nodeId), now);
  const { unsentSince } = decision.polled.memory.outflow ?? {};
  const isUnsent = wasUp && unsentSince !== undefined && unsentSince < since;
  const between = unsettledBetween(connection.path, now);
  const shared = sharedWith(spec, announcers);
  return {
    node,
    label: spec.label,
    endpoints: spec.endpoints,
    refused: spec.refusedCandidates,
    wasUp,
    asked,
    answered,
    unreadable: scene.unreadable.get(spec.publicKey) ?? 0,
    ...reachOf(scene, spec.endpoints.map(endpointAddress)),
    lostAge: age(since),
    ...(heardAt !== undefined && { heardAge: age(heardAt) }),
    ...(absence && { absentAge: absence.seconds }),
    ...(shared && { shared }),
    ...(isUnsent && { isUnsent }),
    ...(between && { between }),
  };
}

/** Whether this node cannot send to any of a peer's addresses, or only to such as lead nowhere from here. */
function reachOf(
  { families, networks }: Scene,
  addresses: readonly Address[],
): Pick<Evidence, "isPrivateElsewhere" | "isOtherFamily"> {
  const isElsewhere = (address: Address): boolean =>
    isPrivate(address) && !networks.some((network) => prefixContains(network, address));
  const isThere = addresses.length > 0;
  return {
    isOtherFamily: isThere && addresses.every((address) => !families.has(familyOf(address))),
    isPrivateElsewhere: isThere && addresses.every(isElsewhere),
  };
}

function sharedWith({ label, endpoints }: PeerSpec, announcers: Scene["announcers"]): Evidence["shared"] {
  for (const endpoint of endpoints) {
    const others = (announcers.get(endpoint) ?? []).filter((each) => each !== label);
    if (others.length > 0) return { endpoint, with: others[0] };
  }
  return undefined;
}
