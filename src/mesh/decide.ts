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
  type Attempts,
  type Connecting,
  type Contests,
  type PeerSpec,
  rememberWorking,
  type Tracked,
  trackPeers,
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
  readonly attempts: Attempts;
  readonly contests: Contests;
  readonly heard: Tracked["heard"];
  /** By public key, where a peer was last seen connected; the longest unseen first. */
  readonly lastWorking: ReadonlyMap<string, Endpoint>;
  readonly budget: Tracked["budget"] | undefined;
  readonly turns: Tracked["turns"];
  readonly health: Tracked["health"];
  readonly ways: Tracked["ways"] | undefined;
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
  attempts: new Map(),
  contests: new Map(),
  heard: new Map(),
  lastWorking: new Map(),
  budget: undefined,
  turns: new Map(),
  health: new Map(),
  ways: undefined,
  addresses: [],
  shakenAt: undefined,
  reflected: new Map(),
  harvest: emptyHarvest,
  said: undefined,
};

export interface Decision {
  readonly specs: PeerSpecs;
  readonly tracked: Tracked;
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
  const tracked = trackPeers(specs.peers, device, memory.attempts, now, "new", connecting(knowledge, memory));
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
    ? harvestFrom(specs.peers, knowledge, tracked, device, memory.harvest, now)
    : emptyHarvest;
  return {
    specs,
    tracked,
    kinds,
    targets: targetsOf(specs, tracked, config, self),
    announcement: { own: said.affiliate, observed: harvested.published },
    leftOut: [
      ...announced.leftOut,
      ...seen.leftOut,
      ...stun.leftOut,
      ...podNetworksLeftOut(config, knowledge.registries),
    ],
    memory: { ...remember(memory, tracked), specified, reflected: seen.reflected, harvest: harvested, said },
  };
}

/**
 * Whether a node that is seen there may be seen from inside the mesh. A public network that somebody asks for is no sign of
 * it, and must not keep the nodes in it from saying where they are.
 */
const mayBeInside = (prefix: Prefix): boolean => isHostPrefix(prefix) || isPrivate(networkOf(prefix));

/** A second look at the same peers, right after reading the device: who is up, and who is dialled again. */
export const decideAgain = (
  before: Decision,
  knowledge: Pick<Knowledge, "self" | "config" | "canRace">,
  device: ObservedDevice | undefined,
  memory: Memory,
  now: number,
): Tracked =>
  trackPeers(before.specs.peers, device, memory.attempts, now, "known", connecting(knowledge, memory));

/** What was sent from an address that is gone may have left the peers with nowhere to answer to. */
function noteAddresses(memory: Memory, addresses: readonly Address[], now: number): Memory {
  const isLost = memory.addresses.some((address) => !addresses.includes(address));
  return { ...memory, addresses, ...(isLost && { shakenAt: now }) };
}

function connecting(
  { self, config, canRace }: Pick<Knowledge, "self" | "config" | "canRace">,
  { contests, heard, budget, turns, health, ways, shakenAt, lastWorking }: Memory,
): Connecting {
  const isProven = (publicKey: string): boolean => lastWorking.has(publicKey);
  const known = { budget, turns, health, ways, shakenAt, isProven };
  if (!canRace) return known;
  const mayDialSerially = config.connect === "auto";
  return { ...known, racing: { contests, heard, ownKey: self.publicKey, mayDialSerially } };
}

/** Milliseconds until `decide` has something to publish, unless another node does; `undefined`: it has nothing. */
export const harvestDueIn = (memory: Memory, now: number): number | undefined =>
  turnDueIn(memory.harvest, now);

/** What a look at the peers adds to the memory. */
export const remember = (
  memory: Memory,
  { attempts, contests, heard, budget, turns, health, ways, working }: Tracked,
): Memory => ({
  ...memory,
  attempts,
  contests,
  heard,
  budget,
  turns,
  health,
  ways,
  lastWorking: rememberWorking(memory.lastWorking, working),
});

function harvestFrom(
  peers: readonly PeerSpec[],
  { claims, self }: Knowledge,
  tracked: Tracked,
  device: ObservedDevice | undefined,
  before: Harvest,
  now: number,
): Harvest {
  const affiliates = claims.map(({ affiliate }) => affiliate);
  const announced = new Map(affiliates.map(({ nodeId, kubespan }) => [nodeId, kubespan?.endpoints ?? []]));
  const seen = peers.map(({ nodeId, publicKey }) => ({
    nodeId,
    state: tracked.states.get(publicKey) ?? "unknown",
    announced: announced.get(nodeId) ?? [],
    observed: device?.peers.get(publicKey)?.endpoint,
  }));
  const members = [self.nodeId, ...affiliates.map(({ nodeId }) => nodeId)];
  return harvest(seen, { own: self.nodeId, members }, before, now);
}

/** Of every peer, or only of those that are up where the operator allows the others' traffic in clear. */
function targetsOf(
  { peers, networks }: PeerSpecs,
  tracked: Tracked,
  config: Config,
  self: Self,
): readonly Prefix[] {
  if (!config.allowDownPeerBypass) return networks;
  const up = peers.filter((peer) => tracked.states.get(peer.publicKey) === "up");
  return meshNetworks(up, self.clusterPrefix);
}
