import type { Announcement } from "../discovery/index.ts";
import type { Warning } from "../marks/index.ts";
import {
  contestedSince,
  emptyHarvest,
  type MemberNetworks,
  noRefusals,
  type OwnSide,
  type PeerSpecs,
  type Specified,
  specify,
  type Telling,
  tellings,
  turnDueIn,
} from "../members/index.ts";
import {
  type Address,
  type Endpoint,
  hostPrefix,
  isHostPrefix,
  isPrivate,
  type LeftOut,
  networkOf,
  type Prefix,
  parseAddress,
} from "../net/index.ts";
import type { Exits } from "../nftables/index.ts";
import type { PathMtu } from "../path-mtu/index.ts";
import {
  type Circumstances,
  type Connection,
  firstStandIns,
  joinedStandIns,
  noPeers,
  type PeerSpec,
  type Polled,
  pollPeers,
  rememberReached,
  rememberWorking,
  upCameOrWent,
  withGuessed,
  withOpened,
} from "../peers/index.ts";
import { standInsFrom } from "../relay/index.ts";
import type { RouteOf } from "../self/index.ts";
import type { ObservedDevice } from "../wireguard/index.ts";
import { announce } from "./announce.ts";
import { exitsLeftOut, exitsOf } from "./exits.ts";
import { harvestFrom } from "./harvested.ts";
import type { Knowledge, Memory } from "./knowledge.ts";
import { type Doubtful, doubtfulAddresses, hasMoved, yieldedAddresses } from "./local-machines.ts";
import { ownerlessFor, targetsOf } from "./targets.ts";

export const emptyMemory: Memory = {
  specified: undefined,
  peers: noPeers,
  lastWorking: new Map(),
  reached: new Map(),
  addresses: [],
  shakenAt: undefined,
  reflected: new Map(),
  nat: {},
  harvest: emptyHarvest,
  told: new Map(),
  refusals: noRefusals,
  said: undefined,
};

export interface Decision {
  readonly specs: PeerSpecs;
  readonly polled: Polled;
  /** The times, by node id, since which another connected member claims what a peer owns. */
  readonly contested: ReadonlyMap<string, number>;
  /** The kinds of the networks of each peer, by node id. */
  readonly kinds: ReadonlyMap<string, MemberNetworks>;
  /** The networks that are sent into the mesh, without KubeSpan addresses: as few prefixes as possible, in order. */
  readonly targets: readonly Prefix[];
  /** The targets whose owners are not known, with what peers were granted among them. */
  readonly ownerless?: readonly Prefix[];
  /** The addresses of peers for which a machine around may answer, where the operator lets it have them. */
  readonly doubtful: readonly Doubtful[];
  /** What is known of the packets that pass to peers, by public key; absent where nobody looks. */
  readonly pathMtus?: ReadonlyMap<string, PathMtu>;
  /** The connections to registries that leave outside the mesh while the member there is not connected. */
  readonly exits: Exits;
  readonly announcement: Announcement;
  /** The statements that are due to peers about where this node sees them. */
  readonly tell: readonly Telling[];
  /** The addresses, endpoints and pod networks of this node that are not announced, with the reasons. */
  readonly leftOut: readonly LeftOut[];
  /** The warnings about what this node says of itself. */
  readonly warnings: readonly Warning[];
  readonly memory: Memory;
}

/** Decides all that a pass has to decide, from values alone. All times are in milliseconds. */
export function decide(
  knowledge: Knowledge,
  device: ObservedDevice | undefined,
  before: Memory,
  now: number,
): Decision {
  const { self, config, addresses } = knowledge;
  const memory = noteAddresses(before, addresses, now);
  const doubtful = doubtfulAddresses(knowledge, device, memory, now);
  const own: OwnSide = {
    nodeId: self.nodeId,
    publicKey: self.publicKey,
    address: self.address,
    clusterPrefix: self.clusterPrefix,
    addresses,
    advertisedPrefixes: config.advertisedPrefixes,
    widestPrefix: config.widestPrefix,
    dial: config.dial,
    networks: knowledge.networks,
    otherNetworks: config.otherNetworks,
    localNetworks: config.localNetworks,
    yielded: yieldedAddresses(doubtful, knowledge.answered),
    lastWorking: memory.lastWorking,
    registries: config.services.flatMap(({ host }) => parseAddress(host) ?? []),
  };
  const specified = specify(knowledge.claims, own, knowledge.standings, memory.specified);
  const { specs, kinds } = specified;
  const contested = contestedSince(specified.takings, knowledge.standings, now);
  const around = circumstances(knowledge, memory, { specs: specs.peers, contested }, device);
  const polled = pollPeers(specs.peers, device, memory.peers, now, "new", around);
  const ownerless = ownerlessFor(knowledge.ownerless, own, config);
  const targets = targetsOf(specs, polled, config, self, ownerless);
  const announced = announce(knowledge, memory, routesIn(specified), now);
  const isGranted = (address: Address): boolean => {
    const { prefix, value } = specified.routed.find(address) ?? {};
    return prefix === hostPrefix(address) && value?.nodeId !== undefined;
  };
  const harvested = harvestFrom(
    specs.peers,
    knowledge,
    polled,
    { device, standIns: around.standIns },
    memory.harvest,
    now,
  );
  const told = tellings(harvested.published, memory.told, now);
  return {
    specs,
    polled,
    contested,
    kinds,
    targets,
    ownerless,
    doubtful,
    ...(knowledge.pathMtus && { pathMtus: knowledge.pathMtus }),
    exits: exitsOf(config, knowledge.ways, addresses),
    announcement: {
      own: announced.said.affiliate,
      observed: config.harvestExtraEndpoints ? harvested.published : new Map(),
    },
    tell: told.due,
    leftOut: [...announced.leftOut, ...exitsLeftOut(knowledge.ways, config.registriesOutside, isGranted)],
    warnings: announced.warnings,
    memory: {
      ...remember(memory, polled),
      ...announced.memory,
      specified,
      harvest: harvested,
      told: told.all,
    },
  };
}

/**
 * Finds the network of a member, or of this node, in which an address lies, so that a node that is seen there may be seen
 * from inside the mesh. A public network that a member claims is no sign of it, and must not keep the nodes in that network
 * from announcing where they are.
 */
const routesIn =
  ({ routed }: Pick<Specified, "routed">): RouteOf =>
  (address) => {
    const { prefix, value } = routed.find(address) ?? {};
    const isOwn = value !== undefined && value.nodeId === undefined;
    return prefix && (isOwn || isHostPrefix(prefix) || isPrivate(networkOf(prefix))) ? prefix : undefined;
  };

/** Polls the peers of a decision once more, right after the device was read: which are up, and which are dialled again. */
export const decideAgain = (
  before: Decision,
  knowledge: Pick<Knowledge, "self" | "config" | "canRace" | "carried" | "guessed">,
  device: ObservedDevice | undefined,
  memory: Memory,
  now: number,
): Polled =>
  pollPeers(
    before.specs.peers,
    device,
    memory.peers,
    now,
    "known",
    circumstances(knowledge, memory, { specs: before.specs.peers, contested: before.contested }, device),
  );

/** Whether a poll shows what may change a decision: a peer came up or went down, or one moved whose addresses depend on where it is. */
export const isNews = (
  { polled: before, doubtful }: Decision,
  polled: Polled,
  device: ObservedDevice | undefined,
): boolean => upCameOrWent(before, polled) || hasMoved(doubtful, device);

/** Notes when an address of this node went away: peers that got packets from that address may have nowhere to answer to. */
function noteAddresses(memory: Memory, addresses: readonly Address[], now: number): Memory {
  const isLost = memory.addresses.some((address) => !addresses.includes(address));
  return { ...memory, addresses, ...(isLost && { shakenAt: now }) };
}

function circumstances(
  {
    self,
    config,
    canRace,
    carried,
    guessed,
  }: Pick<Knowledge, "self" | "config" | "canRace" | "carried" | "guessed">,
  { shakenAt, lastWorking, peers }: Memory,
  { specs, contested }: { readonly specs: readonly PeerSpec[]; readonly contested: Decision["contested"] },
  device: ObservedDevice | undefined,
): Circumstances {
  const racing = { ownKey: self.publicKey, mayDialSerially: config.connect === "auto" };
  const isProven = (publicKey: string): boolean => lastWorking.has(publicKey);
  const own = { publicKey: self.publicKey, mayUse: config.relay.use };
  const relayed = standInsFrom(own, specs, peers.connections, device, firstStandIns(peers.standIns));
  const standIns = withGuessed(joinedStandIns(relayed, carried), guessed);
  const keepaliveSeconds = config.keepalive;
  return {
    shakenAt,
    contestedSince: contested,
    isProven,
    standIns,
    keepaliveSeconds,
    ...(canRace && { racing }),
  };
}

/**
 * The milliseconds until `decide` has harvested endpoints to publish, unless another node publishes them first;
 * `undefined` if there are none.
 */
export const harvestDueIn = (memory: Memory, now: number): number | undefined =>
  turnDueIn(memory.harvest, now);

/**
 * The milliseconds until the peers want to be polled again, what was observed of them may be published, or something
 * else wants to look at them (`lookInMs`).
 */
export function wakeInMs(
  memory: Memory,
  polled: Pick<Polled, "wakeInMs">,
  now: number,
  lookInMs?: number,
): number | undefined {
  const times = [polled.wakeInMs, harvestDueIn(memory, now), lookInMs].filter((each) => each !== undefined);
  return times.length === 0 ? undefined : Math.min(...times);
}

/** Replaces the connection of a peer that has answered. */
export function rememberAnswer(memory: Memory, publicKey: string, connection: Connection): Memory {
  const connections = new Map(memory.peers.connections).set(publicKey, connection);
  return { ...memory, peers: { ...memory.peers, connections } };
}

/** Notes that packets for a peer get through to an endpoint at which they did not before. */
export function rememberOpened(memory: Memory, publicKey: string, endpoint: Endpoint): Memory {
  const connection = memory.peers.connections.get(publicKey);
  return connection ? rememberAnswer(memory, publicKey, withOpened(connection, endpoint)) : memory;
}

/** Adds the result of a poll to the memory. */
export const remember = (memory: Memory, { memory: peers, working }: Polled): Memory => ({
  ...memory,
  peers,
  lastWorking: rememberWorking(memory.lastWorking, working),
  reached: rememberReached(memory.reached, working),
});
