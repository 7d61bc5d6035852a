import { isDeepStrictEqual } from "node:util";
import { type Endpoint, endpointAddress, unreachableKind } from "../net/index.ts";
import { type Connection, isUnanswered, type PeerSpec, type StandIn, type StandIns } from "../peers/index.ts";
import type { ObservedDevice } from "../wireguard/index.ts";

/** The most relays that are tried for one peer. The race between them measures both legs at once. */
const mostForOne = 3;
/** Relays whose round trips from here differ by less than this are equally near, and pairs spread over them. */
const nearMs = 10;
/** A relay whose round trip was never measured is taken to be so far away. */
const unknownMs = 100;

/** A relay, and whether it is connected and may be chosen. */
interface Relay extends StandIn {
  readonly owner: string;
  readonly isUp: boolean;
  readonly distance: number;
}

/**
 * What stands in for direct paths: the endpoints of the members that relay. The result is `before` until a relay comes,
 * goes or moves, so that no peer is raced anew for a round trip that was measured again.
 */
export function standInsFrom(
  own: { readonly publicKey: string; readonly mayUse: boolean },
  specs: readonly PeerSpec[],
  connections: ReadonlyMap<string, Connection>,
  device: Pick<ObservedDevice, "peers"> | undefined,
  before: StandIns | undefined,
): StandIns | undefined {
  const relays = relaysAmong(specs, connections, device, before);
  const key = relays.map(({ owner, endpoint, via, isUp }) => [owner, endpoint, via, isUp && own.mayUse]);
  const known = before && sources.get(before);
  if (before && isDeepStrictEqual(known, key)) return before;
  if (relays.length === 0) return undefined;
  const usable = own.mayUse ? relays.filter(({ isUp }) => isUp) : [];
  const byDistance = Map.groupBy(
    usable.toSorted((one, other) => one.distance - other.distance),
    ({ distance }) => distance,
  );
  const chosen = new Map<string, readonly StandIn[]>();
  const made: StandIns = {
    all: new Map(relays.map((relay) => [relay.endpoint, standInOf(relay)])),
    of: (publicKey) => {
      const found = chosen.get(publicKey) ?? choose([...byDistance.values()], own.publicKey, publicKey);
      chosen.set(publicKey, found);
      return found;
    },
  };
  sources.set(made, key);
  return made;
}

/** What each result was made from. */
const sources = new WeakMap<StandIns, unknown>();

const standInOf = ({ endpoint, via, owner }: Relay): StandIn => ({ kind: "relayed", endpoint, via, owner });

function relaysAmong(
  specs: readonly PeerSpec[],
  connections: ReadonlyMap<string, Connection>,
  device: Pick<ObservedDevice, "peers"> | undefined,
  before: StandIns | undefined,
): readonly Relay[] {
  const found = new Map<Endpoint, Relay>();
  for (const spec of specs) {
    const { publicKey: owner, label: via } = spec;
    const endpoint = spec.relays && device?.peers.get(owner)?.endpoint;
    // A relay that is reached over a discovery service is at a socket of this node, and relays nothing that came that way.
    if (!endpoint || unreachableKind(endpointAddress(endpoint)) !== undefined) continue;
    const connection = connections.get(owner);
    const { phase, roundTrips } = connection ?? {};
    const distance = Math.floor((roundTrips?.get(endpoint) ?? unknownMs) / nearMs);
    // One that answers no more is chosen by nobody, long before it counts as down.
    const isUp = connection !== undefined && phase !== "connecting" && !isUnanswered(connection);
    // Who merely says that it relays at an endpoint, and never was connected there, is believed nothing about it.
    if (!isUp && before?.all.get(endpoint)?.owner !== owner) continue;
    // A relay that is reached by way of another one has that one's endpoint, and is no use as a relay.
    const isOwn = before?.all.get(endpoint)?.owner === owner || spec.endpoints.includes(endpoint);
    // Only a relay that is connected owns its endpoint: anybody can announce that it relays at another member's.
    const known = found.get(endpoint);
    if (!known || (isUp && !known.isUp) || (isOwn && isUp === known.isUp))
      found.set(endpoint, { kind: "relayed", endpoint, via, owner, isUp, distance });
  }
  return [...found.values()];
}

/**
 * The relays at which a peer is tried: the nearest, and among those equally near the ones that rendezvous hashing gives
 * the pair, the same on both sides. So pairs spread, and those of a relay that dies spread over all others.
 */
function choose(groups: readonly (readonly Relay[])[], own: string, peer: string): readonly StandIn[] {
  const pair = [own, peer].toSorted().join(" ");
  const chosen: Relay[] = [];
  for (const group of groups) {
    if (chosen.length >= mostForOne) break;
    const weighed = group
      .filter(({ owner }) => owner !== peer)
      .map((relay) => ({ relay, weight: weightOf(`${pair} ${relay.owner}`) }));
    weighed.sort((one, other) => one.weight - other.weight);
    chosen.push(...weighed.slice(0, mostForOne - chosen.length).map(({ relay }) => relay));
  }
  return chosen.map(standInOf);
}

/** FNV-1a, and a last mix, as its upper bits hardly depend on the last characters. */
function weightOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
