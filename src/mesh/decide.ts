import type { Config } from "../config/index.ts";
import type { Announcement, RegistryState } from "../discovery/index.ts";
import {
  emptyHarvest,
  type Harvest,
  harvest,
  type MemberClaim,
  type MemberNetworks,
  meshNetworks,
  type OwnSide,
  type PeerSpecs,
  type Specified,
  type Standings,
  specify,
  turnDueIn,
} from "../members/index.ts";
import {
  type Address,
  type Endpoint,
  intersect,
  isHostPrefix,
  isPrivate,
  type LeftOut,
  networkOf,
  type Prefix,
  parseAddress,
} from "../net/index.ts";
import {
  type Circumstances,
  noPeers,
  type PeerSpec,
  type Peers,
  type Polled,
  pollPeers,
  rememberWorking,
  stateOf,
} from "../peers/index.ts";
import type { Mapping } from "../port/index.ts";
import {
  believeMapped,
  believeReflected,
  numbered,
  type Origin,
  ownAffiliate,
  podNetworksLeftOut,
  type Reflected,
  type Said,
  type Self,
} from "../self/index.ts";
import type { ObservedDevice } from "../wireguard/index.ts";

/** What a pass knows, apart from the kernel's state. */
export interface Knowledge {
  readonly self: Self;
  readonly config: Config;
  /** What the members of the mesh claim; without this node. */
  readonly claims: readonly MemberClaim[];
  /** How they stand, for deciding who owns what two of them claim. */
  readonly standings: Standings;
  readonly registries: readonly RegistryState[];
  /** This node's own, routed addresses. */
  readonly addresses: readonly Address[];
  /** Networks that those addresses are in. */
  readonly networks: readonly Prefix[];
  /** Whether this machine can race now, as the configuration wants. */
  readonly canRace: boolean;
  /** What a STUN server says, where one is asked. */
  readonly mapping: Mapping | undefined;
  readonly origin: Origin;
  /** Of this node's last announcement, as far as it is on disk. */
  readonly lastNumber: number;
}

/** What has to be remembered from pass to pass, because neither the kernel nor a registry holds it. */
export interface Memory {
  /** As long as nothing is known that is new, no peer is specified anew. */
  readonly specified: Specified | undefined;
  readonly peers: Peers;
  /** By public key, where a peer was last seen connected; the longest unseen first. */
  readonly lastWorking: ReadonlyMap<string, Endpoint>;
  /** Own ones, at the last pass that read them. */
  readonly addresses: readonly Address[];
  readonly shakenAt: number | undefined;
  readonly reflected: Reflected;
  readonly harvest: Harvest;
  /** What this node announced last. */
  readonly said: Said | undefined;
}

export const emptyMemory: Memory = {
  specified: undefined,
  peers: noPeers,
  lastWorking: new Map(),
  addresses: [],
  shakenAt: undefined,
  reflected: new Map(),
  harvest: emptyHarvest,
  said: undefined,
};

export interface Decision {
  readonly specs: PeerSpecs;
  readonly polled: Polled;
  /** By node id, what kind each peer's networks are of. */
  readonly kinds: ReadonlyMap<string, MemberNetworks>;
  /** What is sent into the mesh: networks without KubeSpan addresses, fewest prefixes, in order. */
  readonly targets: readonly Prefix[];
  readonly announcement: Announcement;
  /** Own addresses and endpoints that are not announced. */
  readonly leftOut: readonly LeftOut[];
  readonly memory: Memory;
}

/** Everything there is to decide, from values alone. Times in milliseconds. */
export function decide(
  knowledge: Knowledge,
  device: ObservedDevice | undefined,
  before: Memory,
  now: number,
): Decision {
  const { self, config, addresses } = knowledge;
  const memory = noteAddresses(before, addresses, now);
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
    lastWorking: memory.lastWorking,
    registries: config.services.flatMap(({ host }) => parseAddress(host) ?? []),
  };
  const specified = specify(knowledge.claims, own, knowledge.standings, memory.specified);
  const { specs, kinds } = specified;
  const around = circumstances(knowledge, memory);
  const polled = pollPeers(specs.peers, device, memory.peers, now, "new", around);
  const granted = specs.peers.flatMap((peer) => peer.allowedIPs);
  const routed = [...granted.filter(mayBeInside), ...config.advertisedPrefixes];
  const seen = believeReflected(knowledge.registries, memory.reflected, routed, addresses);
  const stun = believeMapped(config, knowledge.mapping, routed, addresses);
  const announced = ownAffiliate(self, config, addresses, seen.reflected.values(), stun.mapped);
  const otherNetworks = intersect(config.advertisedPrefixes, config.otherNetworks);
  const said = numbered(
    announced.affiliate,
    { ...knowledge.origin, otherNetworks },
    memory.said,
    knowledge.lastNumber,
    now,
  );
  const harvested = config.harvestExtraEndpoints
    ? harvestFrom(specs.peers, knowledge, polled, device, memory.harvest, now)
    : emptyHarvest;
  return {
    specs,
    polled,
    kinds,
    targets: targetsOf(specs, polled, config, self),
    announcement: { own: said.affiliate, observed: harvested.published },
    leftOut: [
      ...announced.leftOut,
      ...seen.leftOut,
      ...stun.leftOut,
      ...podNetworksLeftOut(config, knowledge.registries),
    ],
    memory: { ...remember(memory, polled), specified, reflected: seen.reflected, harvest: harvested, said },
  };
}

/**
 * Whether a node that is seen there may be seen from inside the mesh. A public network that somebody asks for is no sign of
 * it, and must not keep the nodes in it from saying where they are.
 */
const mayBeInside = (prefix: Prefix): boolean => isHostPrefix(prefix) || isPrivate(networkOf(prefix));

/** A second poll of the same peers, right after reading the device: who is up, and who is dialled again. */
export const decideAgain = (
  before: Decision,
  knowledge: Pick<Knowledge, "self" | "config" | "canRace">,
  device: ObservedDevice | undefined,
  memory: Memory,
  now: number,
): Polled =>
  pollPeers(before.specs.peers, device, memory.peers, now, "known", circumstances(knowledge, memory));

/** What was sent from an address that is gone may have left the peers with nowhere to answer to. */
function noteAddresses(memory: Memory, addresses: readonly Address[], now: number): Memory {
  const isLost = memory.addresses.some((address) => !addresses.includes(address));
  return { ...memory, addresses, ...(isLost && { shakenAt: now }) };
}

function circumstances(
  { self, config, canRace }: Pick<Knowledge, "self" | "config" | "canRace">,
  { shakenAt, lastWorking }: Memory,
): Circumstances {
  const racing = { ownKey: self.publicKey, mayDialSerially: config.connect === "auto" };
  const isProven = (publicKey: string): boolean => lastWorking.has(publicKey);
  return { shakenAt, isProven, ...(canRace && { racing }) };
}

/** Milliseconds until `decide` has something to publish, unless another node does; `undefined`: it has nothing. */
export const harvestDueIn = (memory: Memory, now: number): number | undefined =>
  turnDueIn(memory.harvest, now);

/** What a poll of the peers adds to the memory. */
export const remember = (memory: Memory, { memory: peers, working }: Polled): Memory => ({
  ...memory,
  peers,
  lastWorking: rememberWorking(memory.lastWorking, working),
});

function harvestFrom(
  peers: readonly PeerSpec[],
  { claims, self }: Knowledge,
  polled: Polled,
  device: ObservedDevice | undefined,
  before: Harvest,
  now: number,
): Harvest {
  const affiliates = claims.map(({ affiliate }) => affiliate);
  const announced = new Map(affiliates.map(({ nodeId, kubespan }) => [nodeId, kubespan?.endpoints ?? []]));
  const seen = peers.map(({ nodeId, publicKey }) => ({
    nodeId,
    state: stateOf(polled.memory.connections.get(publicKey)),
    announced: announced.get(nodeId) ?? [],
    observed: device?.peers.get(publicKey)?.endpoint,
  }));
  const members = [self.nodeId, ...affiliates.map(({ nodeId }) => nodeId)];
  return harvest(seen, { own: self.nodeId, members }, before, now);
}

/** Of every peer, or only of those that are up where the operator allows the others' traffic in clear. */
function targetsOf(
  { peers, networks }: PeerSpecs,
  polled: Polled,
  config: Config,
  self: Self,
): readonly Prefix[] {
  if (!config.allowDownPeerBypass) return networks;
  const up = peers.filter((peer) => stateOf(polled.memory.connections.get(peer.publicKey)) === "up");
  return meshNetworks(up, self.clusterPrefix);
}
