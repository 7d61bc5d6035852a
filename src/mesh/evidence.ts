import type { Evidence, NodeEvidence } from "../causes/index.ts";
import { absenceOf, type ClockFacts, isClockBehind, type Members } from "../members/index.ts";
import { type Endpoint, endpointAddress, isPrivate } from "../net/index.ts";
import { type PeerSpec, stateOf, unsettledBetween } from "../peers/index.ts";
import type { Decision } from "./decide.ts";
import type { Knowledge } from "./knowledge.ts";

/** What the causes of all peers' troubles have in common. Made once for a report, as it looks at all peers. */
export interface Scene {
  readonly node: NodeEvidence;
  readonly decision: Decision;
  /** The announcers of each public endpoint: the labels of peers; `undefined` stands for this node. */
  readonly announcers: ReadonlyMap<Endpoint, readonly (string | undefined)[]>;
}

/** The facts about this node from which causes are found; `undefined` where every peer is up, so that none is asked for. */
export function sceneOf(
  { registries, mapping, config }: Pick<Knowledge, "registries" | "mapping" | "config">,
  decision: Decision,
  clock: ClockFacts,
  now: number,
): Scene | undefined {
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
    node: {
      nat: decision.memory.nat,
      isClockBehind: isClockBehind(clock, now),
      copiesAt: registries.flatMap(({ name, disowned }) => (disowned?.isSilenced ? [name] : [])),
      hearsUdp: peersUp > 0 || isSeen ? true : isAnybodyAsked ? false : undefined,
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
  { node, decision, announcers }: Scene,
  spec: PeerSpec,
  members: Members,
  now: number,
): Evidence | undefined {
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
    lostAge: age(since),
    ...(heardAt !== undefined && { heardAge: age(heardAt) }),
    ...(absence && { absentAge: absence.seconds }),
    ...(shared && { shared }),
    ...(isUnsent && { isUnsent }),
    ...(between && { between }),
  };
}

function sharedWith({ label, endpoints }: PeerSpec, announcers: Scene["announcers"]): Evidence["shared"] {
  for (const endpoint of endpoints) {
    const others = (announcers.get(endpoint) ?? []).filter((each) => each !== label);
    if (others.length > 0) return { endpoint, with: others[0] };
  }
  return undefined;
}
