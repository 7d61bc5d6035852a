import type { Endpoint } from "../net/index.ts";
import type { Pin } from "../port/index.ts";
import {
  type DesiredPeer,
  keepaliveSeconds as defaultKeepalive,
  type ObservedDevice,
} from "../wireguard/index.ts";
import { type Budget, refill, spend } from "./budget.ts";
import { type StandIns, type Way, wayTo, withStandIns } from "./candidates/index.ts";
import { type Connection, stateOf } from "./connection.ts";
import { type Applicant, affordable, grant } from "./grant.ts";
import { recall } from "./history.ts";
import { intervalFor, learn } from "./keepalive.ts";
import { isGivenUp, isKnocking } from "./knocking.ts";
import { noteOutflow, type Outflow } from "./outflow.ts";
import { type Knocking, type PacketBudget, refillPackets, type Standing } from "./packets.ts";
import type { EndpointChange } from "./path.ts";
import { pinsOf } from "./pins.ts";
import type { Action, Racing, Step, View } from "./proposal.ts";
import { isBehind, relayNews } from "./relays.ts";
import type { PeerSpec } from "./spec.ts";
import { step } from "./step.ts";
import { takenAtOf } from "./taken.ts";
import { probeLimits } from "./timings.ts";
import { type Transition, tell } from "./transition.ts";
import type { Turn } from "./turns.ts";

/** What is remembered of peers from poll to poll. */
export interface Peers {
  /** The connections by public key. */
  readonly connections: ReadonlyMap<string, Connection>;
  /** The budget of packets; a full one in the beginning. */
  readonly packets: PacketBudget | undefined;
  /** The budget of probes that begin; a full one in the beginning. */
  readonly probes: Budget | undefined;
  /** What stood in for direct paths. */
  readonly standIns?: StandIns | undefined;
  readonly outflow?: Outflow | undefined;
}

export const noPeers: Peers = { connections: new Map(), packets: undefined, probes: undefined };

/** The conditions under which peers are connected. Without `racing` all attempts are serial. */
export interface Circumstances {
  readonly racing?: Racing | undefined;
  /** The longest interval between two packets to a peer that the configuration allows. */
  readonly keepaliveSeconds?: number;
  /** The time at which this node last lost an address: peers of which nothing was received since are doubted. */
  readonly shakenAt?: number | undefined;
  /** The times, by node id, since which another connected member claims what a peer owns. */
  readonly contestedSince?: ReadonlyMap<string, number>;
  /** Tells by public key whether a peer was connected once. Without it, those were that are connected now. */
  readonly isProven?: (publicKey: string) => boolean;
  /** What stands in where no direct path works. */
  readonly standIns?: StandIns | undefined;
  /** What is known of all peers, where only some of them are polled. */
  readonly all?: {
    readonly count: number;
    readonly knocking: Knocking;
    /** The number of those that proposed something and wait for it. */
    readonly waiting: Readonly<Record<Standing, number>>;
    /** The times since which endpoints of theirs are others', too (`takenAtOf`); found out anew without it. */
    readonly taken?: ReadonlyMap<string, number>;
  };
}

export interface Polled {
  readonly memory: Peers;
  /** What the device is to be told of each peer. */
  readonly peers: readonly DesiredPeer[];
  /** The peers that are to be raced now. */
  readonly races: readonly RaceRound[];
  /** Packets are pinned as long as they are listed here. */
  readonly pins: readonly Pin[];
  /** The endpoints of peers that are up and reached directly, by public key. */
  readonly working: ReadonlyMap<string, Endpoint>;
  /** Peers that are reached at another endpoint than before this poll. */
  readonly changed: readonly (EndpointChange & { readonly label: string })[];
  /** What the log is told of peers that came up, fell silent or went down. */
  readonly transitions: readonly (Transition & { readonly label: string; readonly publicKey: string })[];
  /** The milliseconds until there may be something to do or to see; `undefined` without peers. */
  readonly wakeInMs: number | undefined;
}

/** Initiations to one peer. */
export interface RaceRound {
  readonly publicKey: string;
  readonly endpoints: readonly Endpoint[];
}

/**
 * - `known`: peers that the device holds may be dialled again. It removes them for a moment, and with them a session
 *   that came up since the device was read; so that has to be done right after reading it.
 * - `new`: only peers that the device does not hold are dialled.
 */
export type DialScope = "known" | "new";

/** A peer, and what its step came to. */
interface Stepped extends Step, Applicant {
  readonly view: View;
  readonly before: Connection | undefined;
  /** The device holds it, and is not to lose it now. */
  readonly isBarred: boolean;
}

/** One poll of all peers: each makes a step, and of what the steps propose some is granted. */
export function pollPeers(
  specs: readonly PeerSpec[],
  device: ObservedDevice | undefined,
  before: Peers,
  now: number,
  scope: DialScope = "known",
  circumstances: Circumstances = {},
): Polled {
  const { standIns } = circumstances;
  const taken = circumstances.all?.taken ?? takenAtOf(device?.peers.values() ?? [], standIns?.all);
  const outflow = noteOutflow(before.outflow, device, now);
  const news = relayNews(specs, before.connections, device, standIns, now);
  const { racing, shakenAt, all, isProven, keepaliveSeconds = defaultKeepalive } = circumstances;
  const peers = all?.count ?? specs.length;
  const unsentSince = outflow?.unsentSince;
  const stepped = specs.map((each) => {
    const { publicKey } = each;
    const spec = withStandIns(each, standIns);
    const observed = device?.peers.get(publicKey);
    const isStandInUsed = observed?.endpoint !== undefined && standIns?.all.has(observed.endpoint) === true;
    const view: View = {
      spec,
      observed,
      racing,
      shakenAt,
      takenAt: taken.get(publicKey),
      contestedAt: isStandInUsed ? undefined : circumstances.contestedSince?.get(each.nodeId),
      askedAt: news.askedAt.get(publicKey),
      isRelayLost: isBehind(news.lost, spec, observed?.endpoint),
      unsentSince,
      peers,
      keepaliveSeconds,
    };
    const wasProven = isProven?.(publicKey) ?? false;
    return stepOf(before.connections.get(publicKey), view, { scope, wasProven }, now);
  });
  const knocking = all?.knocking ?? countKnocking(stepped);
  const probes = refill(before.probes, now, probeLimits);
  const begun = affordable(stepped, probes);
  const isParked = (each: Stepped): boolean => scope === "known" && isGivenUp(callOf(each), knocking, now);
  const parked = new Set(stepped.filter(isParked));
  const mayAct = (each: Stepped): boolean =>
    !each.isBarred && !parked.has(each) && (each.proposal?.cost.probes === 0 || begun.has(each));
  const budget = refillPackets(before.packets, knocking, now);
  const means = { budget, knocking, waiting: all?.waiting };
  const { granted, turns, budget: packets } = grant(stepped.filter(mayAct), means);
  const spent = [...granted].reduce((sum, { proposal }) => sum + (proposal?.cost.probes ?? 0), 0);
  const results = stepped.map((each) =>
    resultOf(each, { isGranted: granted.has(each), isParked: parked.has(each), turn: turns.get(each) }, now),
  );
  const connections = new Map<string, Connection>();
  const working = new Map<string, Endpoint>();
  let wakeInMs = Number.POSITIVE_INFINITY;
  for (const { peer, connection, endpoint, way, pollInMs } of results) {
    connections.set(peer.publicKey, connection);
    wakeInMs = Math.min(wakeInMs, pollInMs);
    if (connection.phase !== "connecting" && endpoint !== undefined && way?.kind === "direct")
      working.set(peer.publicKey, endpoint);
  }
  return {
    memory: { connections, packets, probes: spend(probes, spent), standIns, outflow },
    peers: results.map(({ peer }) => peer),
    races: results.flatMap(({ race }) => race ?? []),
    pins: pinsOf(connections, device),
    working,
    changed: results.flatMap(({ change }) => change ?? []),
    transitions: results.flatMap(({ transition, peer: { label, publicKey } }) =>
      transition ? { ...transition, label, publicKey } : [],
    ),
    wakeInMs: results.length === 0 ? undefined : wakeInMs,
  };
}

function stepOf(
  before: Connection | undefined,
  view: View,
  { scope, wasProven }: { readonly scope: DialScope; readonly wasProven: boolean },
  now: number,
): Stepped {
  const stepped = step(before, view, now);
  const { next, proposal } = stepped;
  const isUp = next.phase !== "connecting";
  const race = next.phase === "up" ? undefined : next.race;
  return {
    ...stepped,
    view,
    before,
    standing: isUp || wasProven ? "proven" : "unproven",
    turn: next.phase === "up" ? turnOf(before) : next.turn,
    triedAt: Math.max(next.attempt?.since ?? 0, race?.lastAt ?? 0),
    isKnocking: !isUp && isKnocking(view.observed),
    isBarred: scope === "new" && proposal?.do.kind === "dial" && view.observed !== undefined,
  };
}

/** A peer that is up waits for nothing. */
const turnOf = (connection: Connection | undefined): Turn | undefined =>
  !connection || connection.phase === "up" ? undefined : connection.turn;

const callOf = ({ standing, isKnocking: isCalled, view, next, proposal }: Stepped) => ({
  standing,
  isKnocking: isCalled,
  observed: view.observed,
  dialledAt: next.attempt?.since,
  isToBeDialled: proposal?.do.kind === "dial",
});

function countKnocking(stepped: readonly Stepped[]): Knocking {
  const count = (standing: Standing): number =>
    stepped.filter((each) => each.isKnocking && each.standing === standing).length;
  return { proven: count("proven"), unproven: count("unproven") };
}

interface Result {
  readonly peer: DesiredPeer;
  readonly connection: Connection;
  readonly endpoint: Endpoint | undefined;
  readonly way: Way | undefined;
  readonly race: RaceRound | undefined;
  readonly change: Polled["changed"][number] | undefined;
  readonly transition: Transition | undefined;
  readonly pollInMs: number;
}

/** What was granted has happened, and what was not has not. */
function resultOf(
  { view, before, next, proposal, isBarred, ...idle }: Stepped,
  { isGranted, isParked, turn }: { isGranted: boolean; isParked: boolean; turn: Turn | undefined },
  now: number,
): Result {
  const { publicKey, label, allowedIPs } = view.spec;
  const granted = isGranted ? proposal : undefined;
  const turned = withTurn(granted?.after ?? next, turn);
  const asked = granted?.cost.packets ?? 0;
  const recalled = recall(before?.history, turned, { observed: view.observed, asked }, now);
  const { history, transition } = tell(before?.history, recalled, turned, view, now);
  const keepalive = learn(before?.keepalive, view.observed, before?.history, now);
  const connection = { ...turned, history, keepalive };
  const action: Action = granted?.do ?? (isParked ? { kind: "park" } : idle.do);
  const { lastChange, changes } = connection.path ?? {};
  return {
    peer: {
      publicKey,
      label,
      allowedIPs,
      keepaliveSeconds: intervalFor(connection, view),
      action: action.kind === "race" ? idle.do : action,
    },
    connection,
    endpoint: view.observed?.endpoint,
    way: view.observed?.endpoint === undefined ? undefined : wayTo(view.spec, view.observed.endpoint),
    race: action.kind === "race" ? { publicKey, endpoints: action.endpoints } : undefined,
    change: lastChange && changes !== before?.path?.changes ? { ...lastChange, label } : undefined,
    transition,
    pollInMs: granted?.pollInMs ?? (isBarred ? 0 : idle.pollInMs),
  };
}

const withTurn = (connection: Connection, turn: Turn | undefined): Connection =>
  turn === undefined || connection.phase === "up" ? connection : { ...connection, turn };

/** Whether a peer came up or went down between two polls. */
export const upCameOrWent = (before: Polled, after: Polled): boolean =>
  after.memory.connections
    .entries()
    .some(
      ([key, connection]) =>
        (stateOf(connection) === "up") !== (stateOf(before.memory.connections.get(key)) === "up"),
    );
